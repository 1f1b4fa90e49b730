import { register } from 'prom-client';
import { migrate } from '#apps/setup.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { ApiClient } from './support/api-client.js';
import { launch } from './support/launch.js';
import { type OwnPostgres, startOwnPostgres } from './support/own-postgres.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let primary: OwnPostgres;
let standby: OwnPostgres;
/** Two applications whose replica may be a minute old, and one whose replica may be 300 ms old. */
let app: TestApp;
let beside: TestApp;
let strict: TestApp;
let writer: ApiClient;
let reader: ApiClient;
beforeAll(async () => {
  primary = await startOwnPostgres();
  const [ownerUrl, appUrl] = [primary.url('postgres', 'postgres'), primary.url('deskstream', 'postgres')];
  await migrate({ ownerUrl, appUrl });
  standby = await primary.startStandby();
  const env = (maxLagMs: number) => ({
    DATABASE_REPLICA_URL: standby.url('deskstream', 'postgres'),
    DATABASE_REPLICA_MAX_LAG_MS: String(maxLagMs),
  });
  const database = { ownerUrl, appUrl, sql: primary.sql, drop: () => Promise.resolve() };
  app = await startTestApp({ database, env: env(60_000) });
  beside = await startTestApp({ beside: app, env: env(60_000) });
  strict = await startTestApp({ beside: app, env: env(300) });
  writer = await app.createTestOrganization();
  reader = await app.clientWith(['admin'], writer);
});
afterAll(async () => {
  for (const one of [strict, beside, app]) await one.close();
  await standby.remove();
  await primary.remove();
});

/** Returns how many reads have had an outcome. */
async function reads(outcome: string): Promise<number> {
  const counter = await register.getSingleMetric('deskstream_replica_reads_total')?.get();
  return counter?.values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
}

const at = ({ url }: TestApp, { token }: ApiClient) => new ApiClient(url, token);

/** Returns the names of the tags that a list shows. */
async function tags(client: ApiClient): Promise<string[]> {
  const { status, body } = await client.get('/v1/tags');
  expect(status).toBe(200);
  return body.data.map(({ name }: { name: string }) => name);
}

/** Lists tags until the replica answers. */
const answersByReplica = (client: ApiClient) =>
  waitFor('the replica to answer', async () => {
    const before = await reads('replica');
    await tags(client);
    return (await reads('replica')) > before;
  });

/** Waits until the standby has replayed what has been written, and stops it there. */
async function pauseReplay(): Promise<void> {
  const [written] = await primary.sql<{ lsn: string }>('SELECT pg_current_wal_insert_lsn() AS lsn');
  await waitFor('the standby to catch up', async () => {
    const [row] = await standby.sql<{ done: boolean }>('SELECT pg_last_wal_replay_lsn() >= $1 AS done', [written?.lsn]);
    return row?.done;
  });
  await standby.sql('SELECT pg_wal_replay_pause()');
}

describe('While the replica stands still', () => {
  beforeAll(async () => {
    await writer.post('/v1/tags', { name: 'before' });
    await answersByReplica(reader);
    await pauseReplay();
  });

  it('callers see what they have written, and others what it has, within the maximum age', async () => {
    expect(await tags(reader)).toEqual(['before']);
    const names = Array.from({ length: 20 }, (_, i) => `own${i}`);
    for (const name of names) {
      await writer.post('/v1/tags', { name });
      expect(await tags(writer)).toContain(name);
    }
    const before = await reads('replica');
    expect(await tags(reader)).toEqual(['before']);
    expect(await reads('replica')).toBe(before + 1);
  });

  it('callers see what they have written through another process', async () => {
    const { id } = (await writer.post('/v1/tags', { name: 'elsewhere' })).body.data;
    await waitFor('the write to be announced', async () => (await tags(at(beside, writer))).includes('elsewhere'));
    expect(await tags(at(beside, reader))).toEqual(['before']);
    await writer.delete(`/v1/tags/${id}`);
  });

  it('the primary answers reads that need to be younger', async () => {
    await waitFor('the replica to be too old', async () => (await tags(at(strict, reader))).includes('own0'));
    const [replica, behind] = [await reads('replica'), await reads('behind')];
    await writer.post('/v1/tags', { name: 'younger' });
    expect(await tags(at(strict, reader))).toContain('younger');
    expect([await reads('replica'), await reads('behind')]).toEqual([replica, behind + 1]);
    expect((await new ApiClient(strict.url, '').get('/health')).body).toMatchObject({
      status: 'degraded',
      message: expect.stringContaining('replica'),
    });
  });

  it('the primary answers with the feed, and with entities that writes are conditional on', async () => {
    const { id } = (await writer.post('/v1/tags', { name: 'conditional' })).body.data;
    const before = await reads('replica');
    const tag = await reader.get(`/v1/tags/${id}`);
    expect([tag.status, tag.headers.get('etag')]).toEqual([200, expect.any(String)]);
    const feed = await reader.get('/v1/events');
    expect([feed.status, JSON.stringify(feed.body)]).toEqual([200, expect.stringContaining('conditional')]);
    expect(await reads('replica')).toBe(before);
  });

  it('it answers again as soon as it has caught up', async () => {
    await standby.sql('SELECT pg_wal_replay_resume()');
    await answersByReplica(reader);
    await waitFor('the replica to answer with all', async () => (await tags(reader)).includes('conditional'));
    await answersByReplica(at(strict, reader));
    expect((await new ApiClient(app.url, '').get('/health')).body).toMatchObject({
      status: 'ok',
      replica: { seconds: expect.any(Number), bytes: expect.any(Number) },
    });
  });
});

/** Lists tags in parallel while `work` is under way, and returns the statuses. */
async function underLoad(client: ApiClient, work: (statuses: number[]) => Promise<void>): Promise<number[]> {
  const statuses: number[] = [];
  let over = false;
  const readers = Array.from({ length: 8 }, async () => {
    while (!over) statuses.push((await client.get('/v1/tags')).status);
  });
  await Promise.all([
    ...readers,
    work(statuses).finally(() => {
      over = true;
    }),
  ]);
  return statuses;
}

describe('Under load, a replica', () => {
  it('that ends connections makes no request fail', async () => {
    const more = async (since: number) =>
      waitFor('the replica to answer', async () => (await reads('replica')) > since + 50);
    const statuses = await underLoad(reader, async () => {
      await more(await reads('replica'));
      await standby.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'deskstream'`);
      await more(await reads('replica'));
    });
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });

  it('that cancels queries, because they conflict with what it replays, makes no request fail', async () => {
    await standby.sql(`ALTER SYSTEM SET max_standby_streaming_delay = 0`);
    await standby.sql('SELECT pg_reload_conf()');
    const conflicts = async () => {
      const [row] = await standby.sql<{ total: number }>(
        `SELECT sum(confl_lock)::int AS total FROM pg_stat_database_conflicts`,
      );
      return row?.total ?? 0;
    };
    const statuses = await underLoad(reader, async () => {
      await answersByReplica(reader);
      const [failed, cancelled] = [await reads('failed'), await conflicts()];
      await waitFor('queries to be cancelled', async () => {
        await primary.sql('BEGIN; LOCK TABLE tags; COMMIT');
        return (await reads('failed')) > failed && (await conflicts()) > cancelled;
      });
    });
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });

  it('that is killed makes no request fail, and the log says once that it is unavailable, and once that it is back', async () => {
    const port = await freePort();
    const server = launch(['dist/apps/api/main.js'], {
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: app.database.appUrl,
      DATABASE_REPLICA_URL: standby.url('deskstream', 'postgres'),
      DESKSTREAM_MASTER_KEY: app.runtime.config.masterKey,
      RATE_LIMIT_PER_SECOND: 'none',
      METRICS_PORT: '0',
    });
    const [, metrics] = await server.told(/"url":"(http:[^"]+\/metrics)"/);
    await server.told(/The API is served/);
    const byReplica = async () =>
      Number(/reads_total{outcome="replica"} (\d+)/.exec(await (await fetch(metrics as string)).text())?.[1] ?? 0);
    const more = async (since: number) =>
      waitFor('the replica to answer', async () => (await byReplica()) > since + 50);
    const statuses = await underLoad(new ApiClient(`http://127.0.0.1:${port}`, reader.token), async (answered) => {
      await more(0);
      await standby.kill();
      const before = answered.length;
      await waitFor('reads without the replica', () => answered.length > before + 50);
      await standby.start();
      await more(await byReplica());
      await server.told(/The replica is available again/);
    });
    await server.end('SIGTERM');
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(server.output().match(/The replica is (un)?available/g)).toEqual([
      'The replica is unavailable',
      'The replica is available',
    ]);
  });
});

describe('A replica that is promoted', () => {
  it('answers no more', async () => {
    await answersByReplica(reader);
    await standby.promote();
    await waitFor('the replica to be refused', async () => {
      const before = await reads('replica');
      await tags(reader);
      return (await reads('replica')) === before;
    });
    await writer.post('/v1/tags', { name: 'after' });
    expect(await tags(reader)).toContain('after');
  });
});
