import { migrate } from '#apps/setup.js';
import { type BatchResult } from '#libs/database/batch.js';
import { Database, type Reader } from '#libs/database/database.js';
import { Notifications } from '#libs/database/notifications.js';
import { Replica } from '#libs/database/replica.js';
import { type WalPoint } from '#libs/database/wal-positions.js';
import { Standby } from '#libs/database/standby.js';
import { Outage } from '#libs/platform/outage.js';
import { connectTo } from '#libs/testing/connections.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type OwnPostgres, startOwnPostgres } from './support/own-postgres.js';

const HELD = 7;
/** So many looks take longer than a standby may leave one without an answer. */
const LOOKS = 30;

let primary: OwnPostgres;
let server: OwnPostgres;
let database: Database;
let reasons: string[];
beforeAll(async () => {
  primary = await startOwnPostgres();
  const appUrl = urlOf(primary);
  await migrate({ ownerUrl: primary.url('postgres', 'postgres'), appUrl });
  server = await primary.startStandby();
  database = await Database.open({ url: appUrl, role: 'deskstream_app' });
});
afterAll(async () => {
  await database.close();
  await server.remove();
  await primary.remove();
});

const urlOf = (of: OwnPostgres) => of.url('deskstream', 'postgres');

function options() {
  reasons = [];
  const outage = new Outage('replica', { begins: (reason) => reasons.push(reason), ends: () => undefined });
  return { url: urlOf(server), role: 'deskstream_app' as const, poolSize: 2, outage };
}

describe('A standby whose connections are all busy with reads', () => {
  it('is not away', async () => {
    const standby = new Standby(options(), database);
    let [looks, replayed]: [number, WalPoint | undefined] = [0, undefined];
    standby.start((point) => {
      looks += 1;
      replayed = point;
    });
    await waitFor('the standby', () => standby.isUp && looks > 0);
    const holder = await connectTo(urlOf(server));
    await holder.query('SELECT pg_advisory_lock($1)', [HELD]);
    const held = { text: 'SELECT pg_advisory_xact_lock_shared($1)', values: [HELD] };
    const reads = Promise.all([1, 2, 3].map(() => standby.transact(replayed as unknown as WalPoint, null, [held])));
    const before = looks;
    const looked = waitFor(
      'looks',
      () => looks > before + LOOKS,
      () => looks,
    );
    await Promise.all([reads, looked.finally(() => holder.end())]);
    expect(reasons).toEqual([]);
    await standby.close();
  });
});

describe('A request that the primary has answered', () => {
  it('is not answered by the replica any more: time must not run backwards', async () => {
    const notifications = new Notifications(urlOf(primary));
    const replica = new Replica({ ...options(), maxLagMs: 60_000 }, database, notifications);
    replica.start();
    const askedBy = async (reader: Reader) => {
      let asked = 'replica';
      const rows: BatchResult[] = [{ rows: [] }];
      const askPrimary = () => {
        asked = 'primary';
        return Promise.resolve(rows);
      };
      await reader.read(null, [{ text: 'SELECT 1' }], askPrimary);
      return asked;
    };
    const answers = () => waitFor('the replica', async () => (await askedBy(replica.reader('caller'))) === 'replica');
    await answers();
    await server.sql('SELECT pg_wal_replay_pause()');
    await primary.sql(`SELECT pg_logical_emit_message(false, 'test', 'a write')`);
    replica.wrote('caller');
    const request = replica.reader('caller');
    expect(await askedBy(request)).toBe('primary');
    await server.sql('SELECT pg_wal_replay_resume()');
    await answers();
    expect(await askedBy(request)).toBe('primary');
    await replica.close();
    await notifications.close();
  });
});
