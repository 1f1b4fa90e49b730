import { randomUUID } from 'node:crypto';
import { connectTo } from '#libs/testing/connections.js';
import { counterStream, raise } from '#libs/testing/counter.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';

let world: TestStore;
beforeEach(async () => {
  world = await createTestStore();
});
afterEach(() => world.close());

type Context = ReturnType<TestStore['context']>;

const start = (context: Context, by = 1, id: string = randomUUID()) =>
  world.store.append(counterStream, id, 0, [raise(by)], context);

/** Returns the number of counters that each transaction has stored. */
async function transactions(): Promise<number[]> {
  const rows = await world.test.sql<{ count: number }>('SELECT count(*)::int AS count FROM counters GROUP BY xmin');
  return rows.map(({ count }) => count).sort((one, other) => one - other);
}

/** Locks a counter's row until it is released. */
async function held({ organizationId }: Context, id: string): Promise<() => Promise<void>> {
  const client = await connectTo(world.test.ownerUrl);
  await client.query('BEGIN');
  await client.query(`SELECT set_config('app.org', $1, true)`, [organizationId]);
  await client.query('SELECT FROM counters WHERE id = $1 FOR UPDATE', [id]);
  return () => client.end();
}

describe('Writes of one moment', () => {
  it('share a transaction, whosever they are', async () => {
    const contexts = Array.from({ length: 10 }, () => world.context());
    await Promise.all(contexts.map((context) => start(context)));
    expect(await transactions()).toEqual([10]);
  });

  it('fail each by itself, and leave what the others share', async () => {
    const [one, two, three] = [world.context(), world.context(), world.context()];
    const answers = await Promise.allSettled([start(one), start(two, -1), start(two), start(three)]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await transactions()).toEqual([1, 2]);
  });

  it('keep apart for a while who has failed, so that nobody else is held up again', async () => {
    const [one, two] = [world.context(), world.context()];
    await Promise.allSettled([start(one, -1)]);
    await Promise.all([start(one), start(two), start(one), start(two)]);
    expect(await transactions()).toEqual([2, 2]);
  });

  it('wait for no lock that somebody else waits for', async () => {
    const [one, other, id] = [world.context(), world.context(), randomUUID()];
    await start(one, 1, id);
    const letGo = await held(one, id);
    let waits = true;
    const waiting = world.store.append(counterStream, id, 1, [raise(1)], one).finally(() => (waits = false));
    await Promise.all([start(other), start(other)]);
    expect(waits).toBe(true);
    await letGo();
    expect(await waiting).toHaveLength(1);
  });

  it('go by themselves when they are large', async () => {
    const [one, other] = [world.context(), world.context()];
    const many = Array.from({ length: 50 }, () => raise(1));
    await Promise.all([world.store.append(counterStream, randomUUID(), 0, many, one), start(other)]);
    expect(await transactions()).toEqual([1, 1]);
  });
});
