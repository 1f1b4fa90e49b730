import pg from 'pg';
import { connectTo } from '#libs/testing/connections.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { Batch, type Statement } from './batch.js';

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

describe('Statements that a pooler keeps prepared', () => {
  it('answer by the columns of whichever session runs them, also after a table has changed', async () => {
    const client = await connectTo(database.ownerUrl);
    const send = (...statements: Statement[]) => {
      const batch = new Batch(statements, pg.types, statements.length, 'pooler');
      client.query(batch);
      return batch.results;
    };
    await database.sql('CREATE TABLE widened (a text)');
    await database.sql(`INSERT INTO widened VALUES ('1')`);
    const joined = { text: 'SELECT w.*, 2 AS two FROM widened w' };
    expect(await send(joined)).toEqual([{ rows: [{ a: '1', two: 2 }] }]);
    await database.sql(`ALTER TABLE widened ADD b text DEFAULT 'new'`);
    // As in a session that prepares it only now, under the name that it has already.
    const { rows } = await client.query<{ name: string }>(
      `SELECT name FROM pg_prepared_statements WHERE statement = $1`,
      [joined.text],
    );
    await client.query(`DEALLOCATE ${rows[0]?.name}; PREPARE ${rows[0]?.name} AS ${joined.text}`);
    const widened = [{ rows: [{ a: '1', b: 'new', two: 2 }] }];
    expect(await send(joined)).toEqual(widened);
    await database.sql('ALTER TABLE widened DROP b');
    await expect(send(joined)).rejects.toThrow('cached plan');
    // A pooler would offer it again under another name.
    expect(await send(joined)).toEqual([{ rows: [{ a: '1', two: 2 }] }]);
    expect(await client.query(`SELECT FROM pg_prepared_statements WHERE statement = $1`, [joined.text])).toMatchObject({
      rowCount: 0,
    });
    await client.end();
  });
});
