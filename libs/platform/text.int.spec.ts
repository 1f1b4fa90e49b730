import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { caseFolded } from './text.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Returns every character that PostgreSQL knows, with its case folding. */
async function foldedByPostgres(): Promise<Map<string, string>> {
  const rows = await database.sql<{ character: string; folded: string }>(
    `SELECT chr(code) AS character, normalize(casefold(normalize(chr(code), NFD) COLLATE pg_unicode_fast), NFC) AS folded
     FROM generate_series(1, x'10ffff'::int) AS code
     WHERE code NOT BETWEEN x'd800'::int AND x'dfff'::int AND unicode_assigned(chr(code))`,
  );
  return new Map(rows.map(({ character, folded }) => [character, folded]));
}

describe('Case folding', () => {
  it('of every character tells the same ones apart as that of PostgreSQL', async () => {
    const theirs = await foldedByPostgres();
    expect(theirs.size).toBeGreaterThan(150_000);
    const [toOurs, toTheirs] = [new Map<string, string>(), new Map<string, string>()];
    const differing = [...theirs].filter(([character, their]) => {
      const our = caseFolded(character);
      if (!toOurs.has(their)) toOurs.set(their, our);
      if (!toTheirs.has(our)) toTheirs.set(our, their);
      return toOurs.get(their) !== our || toTheirs.get(our) !== their;
    });
    expect(differing).toEqual([]);
  });
});
