import { type Database } from './database.js';

/** Sorts entities as `ORDER BY name, id` does, in the database's collation; one round trip. */
export async function sortedByName<T extends { id: string; name: string }>(
  database: Database,
  organizationId: string,
  entities: T[],
): Promise<T[]> {
  const rows = await database.query<{ place: number }>(organizationId, {
    text: `SELECT place FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS entity(name, id, place) ORDER BY name, id`,
    values: [entities.map(({ name }) => name), entities.map(({ id }) => id)],
  });
  return rows.map(({ place }) => entities[place - 1] as T);
}
