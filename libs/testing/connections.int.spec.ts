import { askedAt, connectTo } from './connections.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { waitFor } from './wait-for.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const breakAll = () =>
  database.sql(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND datname = current_database()',
    [decodeURIComponent(new URL(database.appUrl).username)],
  );

describe('A connection of a test', () => {
  it('that is broken tells its next query, and nobody else', async () => {
    const client = await connectTo(database.appUrl, 'deskstream_app');
    const ended = new Promise((resolve) => client.once('end', resolve));
    await breakAll();
    await ended;
    await expect(client.query('SELECT 1')).rejects.toThrow();
  });

  it('that is broken while it is asked tells who asks, and is opened again', async () => {
    const { sql, close } = askedAt(database.appUrl);
    const question = 'SELECT pg_sleep(600)';
    const refused = expect(sql(question)).rejects.toThrow('terminating connection');
    const breakIt = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query = $1`;
    await waitFor('the question to be asked', async () => (await database.sql(breakIt, [question])).length > 0);
    await refused;
    expect(await sql('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await close();
  });
});
