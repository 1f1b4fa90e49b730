import { randomUUID } from 'node:crypto';
import { counterStream } from '#libs/testing/counter.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { type Statement } from './batch.js';
import { Database, type Reader } from './database.js';
import { type UnitOfWork } from './unit-of-work.js';

let world: TestStore;
beforeAll(async () => {
  world = await createTestStore();
});
afterAll(() => world.close());

const quotient = (divisor: number) => ({ text: 'SELECT 12 / $1::int AS quotient', values: [divisor] });

describe('Lookups of one moment', () => {
  it('share round trips, thirty-two of them each', async () => {
    const { organizationId } = world.context();
    // A batch is one transaction, so its lookups share one start time.
    const now = (place: number) => ({ text: 'SELECT now()::text AS now, $1::int AS place', values: [place] });
    const rows = await Promise.all(
      Array.from({ length: 48 }, (_, place) =>
        world.database.lookup<{ now: string; place: number }>(organizationId, now(place)),
      ),
    );
    expect(rows.map(([row]) => row?.place)).toEqual(Array.from({ length: 48 }, (_, place) => place));
    expect(new Set(rows.map(([row]) => row?.now)).size).toBe(2);
  });

  it('share their rows where they are equal, within an organization', async () => {
    const [one, other] = [world.context().organizationId, world.context().organizationId];
    const random = { text: "SELECT gen_random_uuid() AS id, current_setting('app.org') AS scope" };
    const [first, second, third] = await Promise.all(
      [one, one, other].map((organizationId) =>
        world.database.lookup<{ id: string; scope: string }>(organizationId, random),
      ),
    );
    expect(second).toEqual(first);
    expect(third?.[0]?.id).not.toBe(first?.[0]?.id);
    expect([first, third].map((rows) => rows?.[0]?.scope)).toEqual([one, other]);
  });

  it('see each the rows of its own organization', async () => {
    const contexts = Array.from({ length: 5 }, () => world.context());
    const ids = contexts.map(() => randomUUID());
    for (const [index, context] of contexts.entries()) {
      await world.store.handle(counterStream, ids[index] as string, context, { type: 'Start', by: index });
    }
    const asked = Array.from({ length: 60 }, (_, place) => place % contexts.length);
    const all = { text: 'SELECT id, value FROM counters' };
    const answers = await Promise.all(
      asked.map((index) => world.database.lookup(contexts[index]?.organizationId as string, all)),
    );
    expect(answers).toEqual(asked.map((index) => [{ id: ids[index], value: index }]));
  });

  it('fail each by itself', async () => {
    const { organizationId } = world.context();
    const divisors = [1, 2, 0, 3, 0, 4];
    const answers = await Promise.allSettled(
      divisors.map((divisor) => world.database.lookup<{ quotient: number }>(organizationId, quotient(divisor))),
    );
    const told = answers.map((answer) =>
      answer.status === 'fulfilled' ? answer.value[0]?.quotient : (answer.reason as { code: string }).code,
    );
    expect(told).toEqual([12, 6, '22012', 4, '22012', 3]);
  });

  it('are part of the unit of work that asks', async () => {
    const context = world.context();
    await world.database.inUnit(context.organizationId, [], async () => {
      await world.store.handle(counterStream, randomUUID(), context, { type: 'Start', by: 7 });
      const value = { text: 'SELECT value FROM counters' };
      expect(await world.database.lookup(context.organizationId, value)).toEqual([{ value: 7 }]);
    });
  });

  it('answer by the columns that a table has got since', async () => {
    const { organizationId } = world.context();
    await world.test.sql('CREATE TABLE changing (a text)');
    await world.test.sql('GRANT SELECT ON changing TO deskstream_app');
    await world.test.sql(`INSERT INTO changing VALUES ('1')`);
    const all = { text: 'SELECT * FROM changing' };
    expect(await world.database.lookup(organizationId, all)).toEqual([{ a: '1' }]);
    await world.test.sql('ALTER TABLE changing ALTER a TYPE int4 USING a::int4');
    expect(await world.database.lookup(organizationId, all)).toEqual([{ a: 1 }]);
    const inUnit = (statements: Statement[]) =>
      world.database.inUnit(organizationId, [], () => world.database.transact(organizationId, statements));
    await inUnit([all]);
    await world.test.sql('ALTER TABLE changing ALTER a TYPE text');
    expect((await inUnit([quotient(4), all])).flatMap(({ rows }) => rows)).toEqual([{ quotient: 3 }, { a: '1' }]);
  });
});

describe('A reader', () => {
  const reader: Reader = { read: () => Promise.resolve([{ rows: [{ by: 'reader' }] }]) };
  const who = { text: `SELECT 'database' AS by` };
  const [BY_READER, BY_DATABASE] = [[{ by: 'reader' }], [{ by: 'database' }]];

  it('answers what is read in the course of its work, unless the latest state is asked for', async () => {
    const { database } = world;
    const { organizationId } = world.context();
    await database.readBy(reader, async () => {
      expect(await database.query(organizationId, who)).toEqual(BY_READER);
      expect(await database.lookup(organizationId, who)).toEqual(BY_READER);
      expect(await database.latest(() => database.query(organizationId, who))).toEqual(BY_DATABASE);
      expect(await database.latest(() => database.lookup(organizationId, who))).toEqual(BY_DATABASE);
      expect(await database.query(organizationId, who)).toEqual(BY_READER);
    });
    expect(await database.query(organizationId, who)).toEqual(BY_DATABASE);
  });

  it('answers nothing that belongs to a unit of work', async () => {
    const { database } = world;
    const { organizationId } = world.context();
    const same = async (unit: UnitOfWork) => {
      expect(database.unit).toBe(unit);
      expect(await database.query(organizationId, who)).toEqual(BY_DATABASE);
      expect(await database.lookup(organizationId, who)).toEqual(BY_DATABASE);
    };
    await database.readBy(reader, () =>
      database.inUnit(organizationId, [], async (unit) => {
        await same(unit);
        await database.readBy(reader, () => same(unit));
        await database.latest(() => same(unit));
      }),
    );
  });
});

describe('A database by way of a pooler', () => {
  it('has its role, organization and settings in each transaction', async () => {
    const options = { url: world.test.appUrl, role: 'deskstream_app' as const, pooled: true, prepared: false };
    const pooled = await Database.open(options);
    const { organizationId } = world.context();
    const settings = {
      text: `SELECT current_user AS role, current_setting('app.org') AS scope,
               current_setting('statement_timeout') AS timeout, current_setting('enable_seqscan') AS scans`,
    };
    const expected = [{ role: 'deskstream_app', scope: organizationId, timeout: '15s', scans: 'off' }];
    expect(await pooled.query(organizationId, settings)).toEqual(expected);
    expect(await pooled.query(organizationId, settings)).toEqual(expected);
    await pooled.inUnit(organizationId, [], async () => {
      expect(await pooled.query(organizationId, settings)).toEqual(expected);
    });
    await pooled.close();
  });
});

describe('A database that is closed', () => {
  it('is said to be unavailable', async () => {
    const database = await Database.open({ url: world.test.appUrl, role: 'deskstream_app', poolSize: 1 });
    await database.close();
    await expect(database.ping()).rejects.toMatchObject({
      kind: 'unavailable',
      cause: { message: 'The database is closed' },
    });
  });
});
