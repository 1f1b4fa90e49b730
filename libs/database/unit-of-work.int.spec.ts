import { randomUUID } from 'node:crypto';
import { EventStore } from '#libs/event-store/event-store.js';
import { counterStream, raise } from '#libs/testing/counter.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';

let world: TestStore;
beforeAll(async () => {
  world = await createTestStore();
});
afterAll(() => world.close());

class Refused extends Error {}

const refuse = () => {
  throw new Refused();
};

/** Returns the sum of an organization's counters, as seen outside of transactions. */
async function sumOf(organizationId: string): Promise<number> {
  const text = 'SELECT coalesce(sum(value), 0)::int AS sum FROM counters WHERE organization_id = $1';
  const [row] = await world.test.sql<{ sum: number }>(text, [organizationId]);
  return row?.sum ?? 0;
}

describe('A unit of work', () => {
  it('is seen by nobody else until it is committed, and then as a whole', async () => {
    const context = world.context();
    await world.database.inUnit(context.organizationId, [], async () => {
      await world.store.handle(counterStream, randomUUID(), context, { type: 'Start', by: 1 });
      await world.store.handle(counterStream, randomUUID(), context, { type: 'Start', by: 2 });
      expect(await sumOf(context.organizationId)).toBe(0);
    });
    expect(await sumOf(context.organizationId)).toBe(3);
  });

  it('leaves nothing behind when it fails', async () => {
    const context = world.context();
    const failed = world.database.inUnit(context.organizationId, [], async () => {
      await world.store.handle(counterStream, randomUUID(), context, { type: 'Start', by: 1 });
      refuse();
    });
    await expect(failed).rejects.toThrow(Refused);
    expect(await sumOf(context.organizationId)).toBe(0);
  });

  it('goes on after a batch that fails, without that batch', async () => {
    const [context, id] = [world.context(), randomUUID()];
    await world.database.inUnit(context.organizationId, [], async () => {
      await world.store.handle(counterStream, id, context, { type: 'Start', by: 1 });
      const violation = world.store.append(counterStream, id, 1, [raise(1), raise(-5)], context);
      await expect(violation).rejects.toMatchObject({ code: '23514' });
      await world.store.handle(counterStream, id, context, { type: 'Raise', by: 10, upTo: 2 });
      await expect(world.store.append(counterStream, id, 0, [raise(1)], context)).rejects.toThrow(
        'Others are changing',
      );
    });
    expect(await sumOf(context.organizationId)).toBe(11);
  });

  it('gives calls that come at once their turns, each whole or nothing', async () => {
    const context = world.context();
    await world.database.inUnit(context.organizationId, [], async () => {
      const calls = Array.from({ length: 50 }, (_, i) =>
        world.store.handle(counterStream, randomUUID(), context, { type: 'Start', by: i % 2 === 0 ? 1 : -1 }),
      );
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.map(({ status }) => status)).toEqual(
        outcomes.map((_, i) => (i % 2 === 0 ? 'fulfilled' : 'rejected')),
      );
    });
    expect(await sumOf(context.organizationId)).toBe(25);
  });

  it('is in the scope of its organization, except for calls of none', async () => {
    const [context, stranger] = [world.context(), world.context()];
    const count = { text: 'SELECT count(*) AS count FROM counters' };
    await world.store.handle(counterStream, randomUUID(), stranger, { type: 'Start', by: 1 });
    await world.database.inUnit(context.organizationId, [], async () => {
      await world.store.handle(counterStream, randomUUID(), context, { type: 'Start', by: 1 });
      expect(await world.database.query(null, count)).toEqual([{ count: 0 }]);
      await expect(world.database.query(null, { text: 'SELECT 1 / 0' })).rejects.toMatchObject({ code: '22012' });
      expect(await world.database.query(context.organizationId, count)).toEqual([{ count: 1 }]);
    });
    expect(await world.database.query(stranger.organizationId, count)).toEqual([{ count: 1 }]);
    expect(await world.database.query(null, count)).toEqual([{ count: 0 }]);
  });

  it('takes nothing up once it is over', async () => {
    const context = world.context();
    let late: Promise<unknown> = Promise.resolve();
    let goOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const failed = world.database.inUnit(context.organizationId, [], () => {
      late = gate.then(() => world.store.handle(counterStream, randomUUID(), context, { type: 'Start', by: 1 }));
      return Promise.reject(new Refused());
    });
    await expect(failed).rejects.toThrow(Refused);
    goOn();
    await expect(late).rejects.toThrow('The unit of work is over');
    expect(await sumOf(context.organizationId)).toBe(0);
  });

  it('announces its events when they are committed, and never when they are not', async () => {
    const context = world.context();
    let announced = 0;
    const store = new EventStore(world.database, world.codec, () => announced++);
    const create = () => store.handle(counterStream, randomUUID(), context, { type: 'Start', by: 1 });
    await world.database.inUnit(context.organizationId, [], async () => {
      await create();
      expect(announced).toBe(0);
    });
    expect(announced).toBe(1);
    await expect(world.database.inUnit(context.organizationId, [], () => create().then(refuse))).rejects.toThrow(
      Refused,
    );
    expect(announced).toBe(1);
  });

  it('has nothing of others in it, however many write to the same organization meanwhile', async () => {
    const context = world.context();
    const append = () => world.store.handle(counterStream, randomUUID(), context, { type: 'Start', by: 1 });
    const unit = async (fails: boolean) => {
      await world.database.inUnit(context.organizationId, [], async () => {
        await Promise.all([append(), append()]);
        if (fails) refuse();
      });
    };
    const others = Array.from({ length: 400 }, append);
    const units = Array.from({ length: 60 }, (_, i) => unit(i % 2 === 0));
    const more = Array.from({ length: 400 }, append);
    const outcomes = await Promise.allSettled(units);
    await Promise.all([...others, ...more]);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(30);
    expect(await sumOf(context.organizationId)).toBe(800 + 30 * 2);
  });

  it('is undone, and told as unavailable, when its connection breaks', async () => {
    const context = world.context();
    const append = () => world.store.handle(counterStream, randomUUID(), context, { type: 'Start', by: 1 });
    const broken = world.database.inUnit(context.organizationId, [], async () => {
      await append();
      const me = { text: 'SELECT pg_backend_pid() AS pid' };
      const [backend] = await world.database.query<{ pid: number }>(context.organizationId, me);
      await world.test.sql('SELECT pg_terminate_backend($1)', [backend?.pid]);
      await append();
    });
    await expect(broken).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await sumOf(context.organizationId)).toBe(0);
    await world.database.inUnit(context.organizationId, [], append);
    expect(await sumOf(context.organizationId)).toBe(1);
  });
});
