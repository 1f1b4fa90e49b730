import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = process.cwd();
const COPIED = ['libs', 'apps', 'migrations', '.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'];
/** Layers below the resources, each with a file of its own that a resource may import. */
const GROUND = ['platform', 'database', 'background', 'event-store', 'http', 'people'];
const NO_RESOURCES = [...GROUND, 'embedded-postgres', 'resources', 'testing', 'history', 'lifecycle'];

let copy: string;
let refused: Set<string>;
let resources: string[];
const planted: { name: string; refusedAs: RegExp }[] = [];

/** Writes a file that imports what it must not. */
async function plant(file: string, imported: string, refusedAs: RegExp): Promise<void> {
  await writeFile(join(copy, file), `import '${imported}';\n`);
  planted.push({ name: file, refusedAs });
}

async function filesIn(folder: string): Promise<string[]> {
  return readdir(join(copy, 'libs', folder));
}

/** Each violation as `<file> <rule>`. */
async function violations(): Promise<Set<string>> {
  const cruiser = join(ROOT, 'node_modules/.bin/depcruise');
  const json = await new Promise<string>((resolve) => {
    const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'libs', 'apps'];
    execFile(cruiser, args, { cwd: copy, maxBuffer: 256 * 1024 * 1024 }, (_error, stdout) => {
      resolve(stdout);
    });
  });
  const { summary } = JSON.parse(json) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  return new Set(summary.violations.map(({ from, rule }) => `${from} ${rule.name}`));
}

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'import-rules-'));
  for (const name of COPIED) await cp(join(ROOT, name), join(copy, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const folders = await readdir(join(copy, 'libs'));
  resources = folders.filter((folder) => !NO_RESOURCES.includes(folder));

  for (const [index, resource] of resources.entries()) {
    const other = resources[(index + 1) % resources.length] as string;
    const [module] = (await filesIn(other)).filter((file) => file.endsWith('.module.ts'));
    const hidden = `#libs/${other}/${module?.replace('.ts', '.js')}`;
    await plant(`libs/${resource}/planted-hidden.ts`, hidden, /resources-share-what-they-publish/);
    await plant(`libs/${resource}/planted.rules.ts`, '@nestjs/common', /rules-are-pure/);
    await plant(`libs/${resource}/planted-app.ts`, '#apps/runtime.js', /libs-know-no-apps/);
    await plant(`libs/${resource}/planted-test.ts`, '#libs/testing/wait-for.js', /tests-stay-out/);
    const [rules] = (await filesIn(resource)).filter((file) => file.endsWith('.rules.ts') && !file.includes('planted'));
    const above = rules ? `#libs/${resource}/${rules.replace('.ts', '.js')}` : hidden;
    for (const layer of GROUND)
      await plant(`libs/${layer}/planted-${resource}.ts`, above, /layer-of-|ground-knows-no-resource/);
  }
  for (const [index, layer] of GROUND.entries()) {
    if (index === 0) continue;
    const [file] = (await filesIn(layer)).filter((name) => /^[a-z-]+\.ts$/.test(name) && !name.includes('planted'));
    const above = `#libs/${layer}/${file?.replace('.ts', '.js')}`;
    await plant(`libs/platform/planted-${layer}.ts`, above, /layer-of-platform/);
  }
  await plant('libs/agents/planted-conversations.ts', '#libs/conversations/conversation.published.js', /layer-of-/);
  await plant('libs/event-store/planted-nest.ts', '@nestjs/common', /store-knows-no-http/);
  await plant(
    'libs/webhooks/delivery/draining/planted-reader.ts',
    '../../subscriptions/subscription.reader.js',
    /delivery-knows-what-is-published/,
  );
  refused = await violations();
}, 120_000);

afterAll(() => rm(copy, { recursive: true, force: true }));

describe('The import rules', () => {
  it('refuse every import that breaks them', () => {
    const missed = planted.filter(
      ({ name, refusedAs }) => ![...refused].some((one) => one.startsWith(`${name} `) && refusedAs.test(one)),
    );
    expect(missed).toEqual([]);
  });

  it('refuse nothing else', () => {
    const names = new Set(planted.map(({ name }) => name));
    expect([...refused].filter((one) => !names.has(one.split(' ')[0] as string))).toEqual([]);
  });

  it('apply to every folder of a resource', () => {
    expect(resources).toContain('teams');
    expect(resources.length).toBeGreaterThan(10);
  });
});
