import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { register } from 'prom-client';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { Database } from './database.js';
import { watchConnections } from './metrics.js';

let test: TestDatabase;
let database: Database;
beforeAll(async () => {
  test = await createTestDatabase();
  database = await Database.open({ url: test.appUrl, role: 'deskstream_app', poolSize: 2 });
  watchConnections({ app: database });
});
afterAll(() => test.drop());

const figures = async () =>
  (await register.metrics()).split('\n').filter((line) => line.startsWith('deskstream_database_'));

/** Runs work outside of the unit of work that calls it. */
const apart = AsyncLocalStorage.snapshot();

/** Holds an advisory lock until it is let go, and calls that wait for it. */
const hold = () => database.query(null, { text: 'SELECT pg_advisory_xact_lock(1)' });

describe('The figures of the database', () => {
  it('tell what is in use, what is idle, and who waits', async () => {
    expect(await figures()).toEqual(expect.arrayContaining(['deskstream_database_connections_max{pool="app"} 2']));
    const holder = await database.inUnit('00000000-0000-0000-0000-000000000000', [], async () => {
      await hold();
      const calls = Promise.all([apart(hold), apart(hold), apart(hold)]);
      await waitFor('one to wait', async () =>
        (await figuresWithoutPing()).includes('deskstream_database_waiting{pool="app"} 1'),
      );
      const busy = await figuresWithoutPing();
      expect(busy).toContain('deskstream_database_connections{pool="app",state="in_use"} 2');
      expect(busy).toContain('deskstream_database_connections{pool="app_units",state="in_use"} 1');
      return { calls };
    });
    await holder.calls;
    const idle = await figures();
    expect(idle).toContain('deskstream_database_connections{pool="app",state="idle"} 2');
    expect(idle).toContain('deskstream_database_waiting{pool="app"} 0');
    expect(idle).toContain('deskstream_database_up 1');
  });

  it('tell that a scrape whose look finds no connection has no database', async () => {
    Logger.overrideLogger(false);
    const holder = await database.inUnit('00000000-0000-0000-0000-000000000000', [], async () => {
      await hold();
      const calls = Promise.all([apart(hold), apart(hold)]);
      const busy = await apart(figures);
      expect(busy).toContain('deskstream_database_up 0');
      return { calls };
    });
    await holder.calls;
  });

  it('tell that the database is unavailable, and nothing of its pools', async () => {
    Logger.overrideLogger(false);
    await database.close();
    expect(await figures()).toEqual(['deskstream_database_up 0']);
  });
});

/** The look at the database would wait as well. */
async function figuresWithoutPing(): Promise<string[]> {
  const names = ['deskstream_database_connections', 'deskstream_database_waiting'];
  const texts = await Promise.all(names.map((name) => register.getSingleMetricAsString(name)));
  return texts.join('\n').split('\n');
}
