import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCipher } from '#apps/master-key.js';
import { freePort, runningEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { loadConfig } from '#apps/config.js';
import { STREAMS } from '#libs/resources/resources.js';
import { askedAt, connectTo } from '#libs/testing/connections.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { EVENT_NAMES } from '#libs/webhooks/catalogue/catalogue.published.js';
import { Client, Journal, newWorkspace } from './chaos/client.js';
import { ApiClient } from './support/api-client.js';
import { faultsOfAnswers, faultsOfReadTables, faultsOfSecrets, faultsOfStreams } from './support/checker.js';
import { blocksOf } from './support/code-blocks.js';
import { createHome, startInstance, stop } from './support/instance.js';
import { launch, type Launched } from './support/launch.js';
import { settled, wantedEvents } from './support/ledger.js';
import { type OwnPostgres, startOwnPostgres } from './support/own-postgres.js';
import { ACCEPT, REFUSE, type ScriptedReceiver, startScriptedReceiver } from './support/scripted-receiver.js';
import { createSupportTeam } from './support/support-team.js';

const HAS_PG_DUMP = / 18\./.test(String(spawnSync('pg_dump', ['--version']).stdout));
const MASTER_KEY = randomBytes(32).toString('hex');
const TOKEN = randomBytes(32).toString('hex');
/** Attempts under way when a dump is made: they may be recorded in it or not. */
const UNDER_WAY = 64;

let folder: string;
let blocks: Map<string, string>;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deskstream-backup-'));
  const named = ['docs/backup.md', 'docs/operations.md'].flatMap(blocksOf);
  blocks = new Map(named.map(({ name = '', code }) => [name, code]));
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
  await rm(folder, { recursive: true, force: true });
});

/** A block of commands of the documents, as it stands there. */
const block = (name: string) => blocks.get(name) as string;

/** Runs commands of the documents. */
async function sh(name: string, env: NodeJS.ProcessEnv): Promise<void> {
  const shell = launch(['-euo', 'pipefail', '-c', block(name)], env, 'bash');
  if ((await shell.end()) !== 0) throw new Error(shell.output());
}

/** Runs statements of the documents one by one, as the superuser. */
async function sql(name: string, { url }: OwnPostgres): Promise<void> {
  const client = await connectTo(url('postgres', 'postgres'));
  const statements = block(name).replaceAll('…', 'secret').split(/;\s*$/m).slice(0, -1);
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** A server with an owner and an empty database, and how Deskstream reaches it. */
async function serverOf(): Promise<{ server: OwnPostgres; variables: NodeJS.ProcessEnv }> {
  const server = await startOwnPostgres();
  ends.push(() => server.remove());
  await sql('new-database.sql', server);
  const variables = {
    HOST: '127.0.0.1',
    PORT: String(await freePort()),
    DATABASE_OWNER_URL: server.url('deskstream_owner', 'deskstream'),
    DATABASE_URL: server.url('deskstream', 'deskstream'),
    DESKSTREAM_MASTER_KEY: MASTER_KEY,
    DESKSTREAM_BOOTSTRAP_TOKEN: TOKEN,
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    RATE_LIMIT_PER_SECOND: 'none',
  };
  return { server, variables };
}

interface Served {
  api: ApiClient;
  end: () => Promise<unknown>;
}

/** API and worker. */
async function serve(variables: NodeJS.ProcessEnv): Promise<Served> {
  const processes: Launched[] = ['api', 'worker'].map((role) => launch([`dist/apps/${role}/main.js`], variables));
  const end = () => Promise.all(processes.map((one) => one.end('SIGKILL')));
  ends.push(end);
  await processes[0]?.told(/The API is served/);
  await processes[1]?.told(/The worker is running/);
  return { api: new ApiClient(`http://127.0.0.1:${variables.PORT}`, TOKEN), end };
}

/** The database of a server, asked as its superuser. */
function asked(ownerUrl: string) {
  const { sql, close } = askedAt(ownerUrl);
  ends.push(close);
  return { ownerUrl, sql };
}

async function lastPosition(database: ReturnType<typeof asked>): Promise<number> {
  const [last] = await database.sql<{ position: number }>('SELECT max(position)::float8 AS position FROM events');
  return last?.position as number;
}

/** All that can be said of a database by itself: it must be whole. */
async function expectWhole(database: ReturnType<typeof asked>, env: NodeJS.ProcessEnv): Promise<void> {
  const codec = new EventCodec(STREAMS, await openCipher(loadConfig(env), database.ownerUrl, false));
  const secrets = await faultsOfSecrets(database, codec);
  expect(secrets.opened).toBeGreaterThan(10);
  expect(secrets.faults).toEqual([]);
  expect(await faultsOfStreams(database)).toEqual([]);
  expect(await faultsOfReadTables(database, codec)).toEqual([]);
}

/** Clients that write until they are told to end, each to entities of its own. */
async function startWriting(api: ApiClient, url: string) {
  const team = await createSupportTeam(api);
  const journals = [new Journal(), new Journal(), new Journal()];
  let over = false;
  const clients = journals.map(
    (journal, i) => new Client(`c${i}`, [url], newWorkspace(api.token, team), journal, Math.random),
  );
  const work = Promise.all(clients.map((client) => client.work(() => over)));
  const told = () => journals.flatMap((journal) => journal.told);
  return {
    told,
    seen: () => journals.flatMap(({ seen }) => seen),
    written: (count: number) =>
      waitFor(
        `${count} writes`,
        () => told().length >= count,
        () => told().length,
      ),
    end: () => {
      over = true;
      return work;
    },
  };
}

if (HAS_PG_DUMP) {
  describe('A dump that is made while all goes on', () => {
    let receiver: ScriptedReceiver;
    beforeAll(async () => {
      receiver = await startScriptedReceiver();
      ends.push(() => receiver.close());
    });

    it('is restored elsewhere whole, with all that was answered before; what is due is delivered there', async () => {
      const source = await serverOf();
      const migration = launch(['dist/apps/cli/main.js', 'migrate'], source.variables);
      expect([await migration.end(), migration.output()]).toEqual([0, expect.stringContaining('Applied')]);
      await sql('backup-role.sql', source.server);
      const served = await serve(source.variables);
      const { api } = served;
      receiver.behave('/', ({ attempt }) => (attempt === 1 && receiver.arrivals.length % 2 ? REFUSE : ACCEPT));
      const { id: subscription } = await api.subscribe(receiver.url('/'), EVENT_NAMES);

      const writing = await startWriting(api, `http://127.0.0.1:${source.variables.PORT}`);
      await writing.written(100);
      const [told, seen, sent] = [writing.told(), writing.seen(), receiver.arrivals.length];
      const BACKUP = join(folder, 'deskstream.dump');
      await sh('backup.sh', { BACKUP, BACKUP_URL: source.server.url('deskstream_backup', 'deskstream') });
      const during = writing.told().length - told.length;
      await writing.written(told.length + during + 20);
      await writing.end();
      await served.end();
      const unrecorded = receiver.arrivals.length - sent + UNDER_WAY;

      const target = await serverOf();
      await sh('restore.sh', { ...target.variables, BACKUP });
      const database = asked(target.server.url('postgres', 'deskstream'));
      const answers = await faultsOfAnswers(database, told, seen);
      expect(answers).toEqual({ missing: [], twice: [], refused: [], versions: [] });
      await expectWhole(database, target.variables);
      const pending = await database.sql(`SELECT FROM webhook_deliveries WHERE state = 'pending'`);
      expect(pending.length).toBeGreaterThan(0);
      const lost = await lastPosition(asked(source.server.url('postgres', 'deskstream')));
      const restored = await serve(target.variables);
      await restored.api.createTag('After the restore');
      expect(await lastPosition(database)).toBeGreaterThan(lost);
      const { organizationId, events } = await wantedEvents(database, [subscription]);
      const known = new Set(events);
      const entries = await settled(database, organizationId, {
        subscriptions: [subscription],
        events,
        unrecorded,
        get requests() {
          return receiver.arrivals.filter(({ eventId }) => known.has(eventId));
        },
      });
      expect(entries.filter(({ state }) => state !== 'delivered')).toEqual([]);
      process.stdout.write(
        `${told.length} writes before the dump, ${during} during it, ${pending.length} deliveries pending in it, ` +
          `${entries.length}/${events.length} delivered\n`,
      );
    });

    it('is not made as somebody whom row-level security holds', async () => {
      const { server, variables } = await serverOf();
      const migration = launch(['dist/apps/cli/main.js', 'migrate'], variables);
      expect(await migration.end()).toBe(0);
      const BACKUP_URL = server.url('deskstream_owner', 'deskstream');
      const attempt = sh('backup.sh', { BACKUP: join(folder, 'refused.dump'), BACKUP_URL });
      await expect(attempt).rejects.toThrow(/row-level security/);
    });
  });
}

describe('A copy of the data directory', () => {
  it('serves what was there, on another port and in another place', async () => {
    const home = await createHome();
    ends.push(() => home.remove());
    const instance = await startInstance(home);
    const writing = await startWriting(instance.api, instance.url);
    await writing.written(50);
    await writing.end();
    await stop(instance, 'SIGTERM');
    const copy = { ...home, dataDir: join(folder, 'copy'), port: await freePort() };
    await sh('copy.sh', { DESKSTREAM_DATA_DIR: home.dataDir, BACKUP: copy.dataDir });
    const restored = await startInstance(copy);
    const urls = await runningEmbeddedPostgres(copy.dataDir);
    const database = asked(urls?.ownerUrl as string);
    const answers = await faultsOfAnswers(database, writing.told(), writing.seen());
    expect(answers).toEqual({ missing: [], twice: [], refused: [], versions: [] });
    await expectWhole(database, { DESKSTREAM_DATA_DIR: copy.dataDir });
    await stop(restored, 'SIGTERM');
  });
});
