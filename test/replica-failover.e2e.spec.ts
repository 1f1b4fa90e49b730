import { register } from 'prom-client';
import { migrate } from '#apps/setup.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from './support/api-client.js';
import { type Address, openAddress, type OwnPostgres, startOwnPostgres } from './support/own-postgres.js';
import { startTestApp, type TestApp } from './support/test-app.js';

/** The servers that the application's two addresses lead to, and the one that replaces the primary. */
let primary: OwnPostgres;
let replica: OwnPostgres;
let successor: OwnPostgres;
let addresses: Address[];
/** The primary's process that sends WAL to its successor. */
let sender: { pid: number } | undefined;
let app: TestApp;
let writer: ApiClient;
let reader: ApiClient;
beforeAll(async () => {
  primary = await startOwnPostgres();
  const ofPrimary = await openAddress(() => primary);
  const [ownerUrl, appUrl] = [ofPrimary.url('postgres', 'postgres'), ofPrimary.url('deskstream', 'postgres')];
  await migrate({ ownerUrl, appUrl });
  successor = await primary.startStandby();
  [sender] = await primary.sql<{ pid: number }>('SELECT pid FROM pg_stat_replication');
  replica = await primary.startStandby();
  const ofReplica = await openAddress(() => replica);
  addresses = [ofPrimary, ofReplica];
  app = await startTestApp({
    database: { ownerUrl, appUrl, sql: primary.sql, drop: () => Promise.resolve() },
    env: {
      DATABASE_REPLICA_URL: ofReplica.url('deskstream', 'postgres'),
      DATABASE_REPLICA_MAX_LAG_MS: '60000',
    },
  });
  writer = await app.createTestOrganization();
  reader = await app.clientWith(['admin'], writer);
});
afterAll(async () => {
  await app.close();
  for (const address of addresses) await address.close();
  for (const server of new Set([replica, successor])) await server.remove();
});

/** Returns how many reads the replica has answered. */
async function reads(): Promise<number> {
  const counter = await register.getSingleMetric('deskstream_replica_reads_total')?.get();
  return counter?.values.find(({ labels }) => labels.outcome === 'replica')?.value ?? 0;
}

async function tags(client: ApiClient): Promise<string[]> {
  const { body } = await client.get('/v1/tags');
  return body.data.map(({ name }: { name: string }) => name);
}

/** Waits until the replica answers a list of tags, and returns it. */
const tagsOfReplica = () =>
  waitFor('the replica to answer', async () => {
    const before = await reads();
    const found = await tags(reader);
    return (await reads()) > before && found;
  });

/** Kills a primary that has sent nothing to its successor of what `work` writes, and lets that take its place. */
async function failOver(work: () => Promise<void>): Promise<void> {
  const lost = primary;
  const { pid } = sender as { pid: number };
  process.kill(pid, 'SIGSTOP');
  await work();
  await lost.kill();
  process.kill(pid, 'SIGKILL');
  await successor.promote();
  primary = successor;
  await lost.remove();
}

describe('A replica of a primary that was replaced', () => {
  it('is not read from, although it has more WAL than the new primary', async () => {
    await writer.post('/v1/tags', { name: 'kept' });
    await waitFor('the tag on both standbys', async () => {
      const found = await successor.sql('SELECT FROM tags');
      return found.length > 0 && (await tagsOfReplica()).length > 0;
    });
    await failOver(async () => {
      await writer.post('/v1/tags', { name: 'lost' });
      await primary.sql(`SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000))`);
      await waitFor('the replica to have it', async () => (await tagsOfReplica()).includes('lost'));
    });
    await waitFor('the new primary', async () => (await writer.post('/v1/tags', { name: 'new' })).status < 300);
    const before = await reads();
    expect(await tags(writer)).toEqual(['kept', 'new']);
    for (let i = 0; i < 20; i++) expect(await tags(reader)).toEqual(['kept', 'new']);
    expect(await reads()).toBe(before);
  });

  it('is read from again once its address leads to a standby of the new one', async () => {
    const old = replica;
    replica = await primary.startStandby();
    await old.remove();
    expect(await tagsOfReplica()).toEqual(['kept', 'new']);
  });
});
