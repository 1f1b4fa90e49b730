import pg from 'pg';
import { connectTo } from '#libs/testing/connections.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { type Batch, type Statement } from './batch.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('Statements beyond those that are kept prepared', () => {
  it('answer by their own columns after a table has changed under one that is', async () => {
    // Statement names belong to the module: a built copy leaves those of other tests alone.
    const built = new URL('../../dist/libs/database/batch.js', import.meta.url).href;
    const copy = (await import(built)) as { Batch: typeof Batch };
    const client = await connectTo(database.ownerUrl);
    const send = (...statements: Statement[]) => {
      const batch = new copy.Batch(statements, pg.types);
      client.query(batch);
      return batch.results;
    };
    const changing = { text: 'SELECT * FROM changing' };
    await database.sql('CREATE TABLE changing (a text)');
    await send(changing, ...Array.from({ length: 500 }, (_, index) => ({ text: `SELECT ${index}` })));
    await database.sql('ALTER TABLE changing ALTER a TYPE int4 USING a::int4');
    await expect(send({ text: 'SELECT 1 AS one' }, changing)).rejects.toThrow('cached plan');
    for (const name of ['one', 'two']) {
      expect(await send({ text: `SELECT 1 AS ${name}` })).toEqual([{ rows: [{ [name]: 1 }] }]);
    }
    await client.end();
  });
});
