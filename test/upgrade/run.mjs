/**
 * `npm run test:upgrade`: installs and builds the previous release from the history of git, starts it on a database that this
 * version has migrated, and sends it requests. No request may fail: a rolling upgrade runs both side by side.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The commit of the previous release. */
const PREVIOUS_RELEASE = '27e26aacf72f0f798e301c3b29d132794709982b';

if (spawnSync('git', ['cat-file', '-e', `${PREVIOUS_RELEASE}^{commit}`]).status !== 0) {
  process.stdout.write(
    `NOT CHECKED: the previous release, ${PREVIOUS_RELEASE}, is not in the history of git. Fetch it with: git fetch --unshallow\n`,
  );
  process.exit(0);
}

function run(command, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { maxBuffer: 1 << 30, ...options });
  if (status === 0) return stdout;
  process.stderr.write(`${command} ${args.join(' ')} ended with ${status}\n${stdout ?? ''}${stderr ?? ''}\n`);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'deskstream-before-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
run('tar', ['-x', '-C', folder], { input: run('git', ['archive', PREVIOUS_RELEASE]) });
for (const args of [['ci'], ['run', 'build']]) run('npm', args, { cwd: folder });
run('npm', ['run', '--silent', 'test:only', '--', '--testRegex', 'previous-release\\.spec\\.ts$'], {
  env: { ...process.env, PREVIOUS_RELEASE_FOLDER: folder },
  stdio: 'inherit',
});
