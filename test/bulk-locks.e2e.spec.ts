import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from './support/api-client.js';
import { holdUp } from './support/hold-up.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

type Method = 'POST' | 'PUT' | 'PATCH';
const keyed = (api: ApiClient, method: Method, path: string, data: unknown) =>
  api.send(method, path, data, { 'idempotency-key': randomUUID() });

async function deadlocks(): Promise<number> {
  const [row] = await app.database.sql<{ deadlocks: string }>(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  );
  return Number(row?.deadlocks);
}

const numbers = Array.from({ length: 20 }, (_, index) => index);
const successes = (answer: { body: { data: { _type: string }[] } }) =>
  answer.body.data.filter(({ _type }) => _type === 'BulkActionSuccess').length;

/** Has both requests in the middle of their work at the same time, as far as they let each other. */
async function meet<T>(one: () => Promise<T>, other: () => Promise<T>, rounds = 3): Promise<[T, T][]> {
  const answers: [T, T][] = [];
  for (let round = 0; round < rounds; round++) answers.push(await Promise.all([one(), other()]));
  return answers;
}

describe('Two bulk requests under Idempotency-Keys that name the same in opposite orders', () => {
  it.each(['PATCH', 'PUT'] as const)('both succeed without a deadlock: %s of end users', async (method) => {
    const api = await app.createTestOrganization();
    const users = await Promise.all(numbers.map((n) => api.create('/v1/endusers', { displayName: `${n}` })));
    const ids = users.map(({ id }) => id as string);
    const before = await deadlocks();
    const send = (order: string[], name: string) => () =>
      keyed(api, method, '/v1/endusers', { data: order.map((id) => ({ id, displayName: name + randomUUID() })) });
    for (const [one, other] of await meet(send(ids, 'a'), send(ids.toReversed(), 'b'))) {
      expect([successes(one), successes(other)]).toEqual([20, 20]);
      expect(one.body.data.map(({ data }: { data: { id: string } }) => data.id)).toEqual(ids);
      expect(other.body.data.map(({ data }: { data: { id: string } }) => data.id)).toEqual(ids.toReversed());
    }
    expect(await deadlocks()).toBe(before);
  });

  it('both succeed without a deadlock: PATCH of agents', async () => {
    const api = await app.createTestOrganization();
    const ids = (await Promise.all(numbers.map(() => api.createAgent()))).map(({ id }) => id);
    const before = await deadlocks();
    const send = (order: string[], name: string) => () =>
      keyed(
        api,
        'PATCH',
        '/v1/agents',
        order.map((id) => ({ id, displayName: name + randomUUID() })),
      );
    for (const [one, other] of await meet(send(ids, 'a'), send(ids.toReversed(), 'b'))) {
      expect([successes(one), successes(other)]).toEqual([20, 20]);
    }
    expect(await deadlocks()).toBe(before);
  });

  it.each<[string, (n: number) => object]>([
    ['/v1/endusers/bulk', (n: number) => ({ email: `${n}@x.example`, phoneNumber: `+4520${100000 + ((n * 7) % 20)}` })],
    ['/v1/agents/bulk', (n: number) => ({ email: `${n}@x.example`, displayName: 'x' })],
  ])('create each address once, without a deadlock: %s', async (path, item) => {
    const api = await app.createTestOrganization();
    const before = await deadlocks();
    const data = numbers.map(item);
    const send = (items: unknown[]) => () => keyed(api, 'POST', path, { data: items });
    const [[one, other]] = (await meet(send(data), send(data.toReversed()), 1)) as [[any, any]];
    expect([one.status, other.status]).toEqual([201, 201]);
    expect([successes(one), successes(other)].sort()).toEqual([0, 20]);
    expect(await deadlocks()).toBe(before);
  });

  it('both succeed without a deadlock where one has no key', async () => {
    const api = await app.createTestOrganization();
    const users = await Promise.all(numbers.map((n) => api.create('/v1/endusers', { displayName: `${n}` })));
    const ids = users.map(({ id }) => id as string);
    const before = await deadlocks();
    const items = (order: string[]) => ({ data: order.map((id) => ({ id, displayName: randomUUID() })) });
    const answers = await meet(
      () => keyed(api, 'PATCH', '/v1/endusers', items(ids)),
      () => api.patch('/v1/endusers', items(ids.toReversed())),
    );
    for (const pair of answers) expect(pair.map(successes)).toEqual([20, 20]);
    expect(await deadlocks()).toBe(before);
  });
});

describe('A bulk request under an Idempotency-Key', () => {
  it('changes an entity that it names twice in the order that it names it', async () => {
    const api = await app.createTestOrganization();
    const [one, two] = [await api.create('/v1/endusers', {}), await api.create('/v1/endusers', {})];
    const items = [
      { id: two.id, displayName: 'first' },
      { id: one.id, displayName: '' },
      { id: two.id.toUpperCase(), displayName: 'second' },
    ];
    const answer = await keyed(api, 'PATCH', '/v1/endusers', { data: items });
    expect(answer.body.data.map((item: any) => item.data?.displayName)).toEqual(['first', undefined, 'second']);
    expect((await api.get(`/v1/endusers/${two.id}`)).body.data.displayName).toBe('second');
  });

  it('is repeated, and answered once, when it was in a deadlock with others', async () => {
    const api = await app.createTestOrganization();
    const users = await Promise.all(['a', 'b', 'c'].map((displayName) => api.create('/v1/endusers', { displayName })));
    const ids = users.map(({ id }) => id as string).sort() as [string, string, string];
    const lock = (id: string) => `SELECT FROM end_users WHERE id = '${id}' FOR UPDATE`;
    const other = new pg.Client({ connectionString: app.database.ownerUrl });
    await other.connect();
    // It never finds a deadlock out: the request does.
    await other.query(`BEGIN; SET LOCAL deadlock_timeout = '10min'; ${lock(ids[2])}`);
    const release = await holdUp(app, lock(ids[1]));
    const before = await deadlocks();
    const answering = keyed(api, 'PATCH', '/v1/endusers', { data: ids.map((id) => ({ id, displayName: 'd' })) });
    const crossing = await release(async () => {
      const crossed = other.query(lock(ids[0]));
      const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await waitFor('both to wait', async () => (await app.database.sql(waiting)).length === 2);
      return { crossed };
    });
    await crossing?.crossed;
    await other.query('COMMIT');
    await other.end();
    expect(successes(await answering)).toBe(3);
    await waitFor('the statistics to tell', async () => (await deadlocks()) === before + 1);
    expect((await api.get(`/v1/endusers/${ids[0]}/history`)).body.data).toHaveLength(2);
  });
});
