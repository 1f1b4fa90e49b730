import { globSync } from 'node:fs';
import { runningEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { askedAt } from '#libs/testing/connections.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { blocksOf, type CodeBlock } from './support/code-blocks.js';
import { createHome, type Home, type Instance, startInstance } from './support/instance.js';
import { launch } from './support/launch.js';

/** Languages of what readers run; other blocks show data. */
const RUN = ['sh', 'sql', 'ts', 'js', 'python'];
/** Blocks that another test runs: those of webhooks.md, backup.md and scaling.md have tests of their own. */
const ELSEWHERE = [
  ...['cell.sql', 'hide.sql', 'raise.sql', 'skip.sql', 'skipped.sql', 'publish.sql', 'subscribe.sql', 'copied.sql'],
  ...['relayed.sql', 'end.sql', 'applied.sql', 'unsubscribe.sql', 'show.sql', 'unpublish.sql', 'delete.sql'],
  ...['verify.ts', 'receiver.ts', 'verify.py', 'receiver.py'],
  ...['new-database.sql', 'backup-role.sql', 'backup.sh', 'restore.sh', 'copy.sh'],
];
const DOCUMENTS = ['README.md', ...globSync('docs/*.md').sort()].map((document) => ({
  document,
  blocks: blocksOf(document).filter(({ language }) => RUN.includes(language)),
}));
const isRunHere = ({ name }: CodeBlock) => name === undefined || ['follow.ts', 'stream.ts'].includes(name);

let home: Home;
let instance: Instance;
let receiver: WebhookReceiver;
beforeAll(async () => {
  home = await createHome();
  receiver = await startWebhookReceiver();
  instance = await startInstance(home);
});
afterAll(async () => {
  await home.remove();
  await receiver.close();
});

/** What readers put in place of what the documents show. */
async function placeholders(): Promise<[string, string][]> {
  const { api } = instance;
  const { id: subscription } = await api.subscribe(receiver.url, ['TagCreated']);
  await api.createTag(`For ${subscription}`);
  const path = `/v1/webhooks/${subscription}/deliveries?state=delivered`;
  const { id: delivery } = await waitFor('a delivery', async () => (await api.get(path)).body.data[0]);
  const { id: token } = await api.create('/v1/tokens', { name: 'CRM', scopes: ['tags:read'] });
  return [
    ['http://localhost:3000', instance.url],
    ['http://127.0.0.1:4000', receiver.url],
    ['https://example.com', `${instance.url}/health`],
    ['dsk_…', home.token],
    ['ID=…', `ID=${subscription}`],
    ['<subscription>', subscription],
    ['<delivery>', delivery],
    ['<id>', token],
    ['<organization>', `$(npm run --silent cli -- organization list | awk '/Example Ltd/ { print $1 }')`],
    ['2027-', `${new Date().getFullYear() + 1}-`],
  ];
}

/** Runs a block as it stands in the document. @throws {Error} with its output when it fails */
async function run({ language, code }: CodeBlock): Promise<void> {
  const text = (await placeholders()).reduce((before, [from, to]) => before.replaceAll(from, to), code);
  if (language === 'sql') {
    const { sql, close } = askedAt((await runningEmbeddedPostgres(home.dataDir))?.ownerUrl as string);
    await sql(text).finally(close);
    return;
  }
  const shell = `curl() { command curl --silent --show-error --fail-with-body "$@"; }\n${text}`;
  const env = { DESKSTREAM_DATA_DIR: home.dataDir, TOKEN: home.token };
  const { end, output } = launch(['-euo', 'pipefail', '-c', shell], env, 'bash');
  if ((await end()) !== 0) throw new Error(`${text}\n${output()}`);
}

describe('The commands of the documents', () => {
  it.each(DOCUMENTS)('are run by a test or marked as manual: $document', ({ blocks }) => {
    const known = [...ELSEWHERE, 'manual'];
    const others = blocks.filter((block) => !isRunHere(block) && !known.includes(block.name as string));
    expect(others.map(({ name }) => name)).toEqual([]);
  });

  it.each(DOCUMENTS.filter(({ blocks }) => blocks.some(isRunHere)))('work: $document', async ({ blocks }) => {
    for (const block of blocks.filter((one) => isRunHere(one) && one.language !== 'ts')) await run(block);
  });

  it('follow the feed in TypeScript, in both ways: docs/events.md', async () => {
    const code = blocksOf('docs/events.md').filter(({ language }) => language === 'ts');
    const program = [...code.map((block) => block.code), FOLLOW]
      .join('\n')
      .replace('http://localhost:3000', instance.url);
    const { end, output } = launch(['--input-type=module-typescript', '--eval', program], { TOKEN: home.token });
    expect([await end(), output()]).toEqual([0, 'OrganizationCreated OrganizationCreated\n']);
  });
});

/** Calls the functions of docs/events.md, and ends with what each has read first. */
const FOLLOW = `
const first = await new Promise<any>((resolve) => void follow(undefined, async ([event]) => resolve(event)));
const streamed = await new Promise<any>((resolve) => void stream(undefined, async (event) => resolve(event)));
console.log(first.type, streamed.type);
process.exit();`;
