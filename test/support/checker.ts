import { inspect, type InspectOptions } from 'node:util';
import { STREAMS } from '#libs/resources/resources.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from '#libs/event-store/event-codec.js';
import { rebuildTable } from '#libs/event-store/rebuild.js';
import { tablesOf } from '#libs/event-store/stream-definition.js';
import { type TestDatabase } from '#libs/testing/test-database.js';
import { tableRows } from './table-rows.js';

/** Prints a value completely, and equally whatever the order of its members. */
const AS_TEXT: InspectOptions = {
  depth: null,
  sorted: true,
  breakLength: Infinity,
  maxArrayLength: null,
  maxStringLength: null,
};

/** A database that is queried as its owner, who is a superuser. */
type Asked = Pick<TestDatabase, 'ownerUrl' | 'sql'>;

/** A write, and the final answer to its client, however often it was sent. */
export interface Told {
  /** Sent as `Idempotency-Key`, and as `X-Request-Id` so that it is in the events. */
  key: string;
  status: number;
  /** The type of the one event that a success stands for. */
  event: string;
  /** The stream of that event; absent if the answer does not contain it. */
  stream?: string;
  /** The version that the write required. */
  ifMatch?: number;
  /** The version in the answer. */
  version?: number;
}

/** The version of a stream that a client read. */
export interface Seen {
  stream: string;
  version: number;
}

/** The faults, in words. All lists should be empty. */
export interface AnswerFaults {
  /** Writes that were acknowledged but not stored. */
  missing: string[];
  twice: string[];
  /** Writes that were refused but stored. */
  refused: string[];
  /** Versions that differ from those in answers. */
  versions: string[];
}

interface Found {
  key: string | null;
  stream: string;
  version: number;
  type: string;
}

/** Compares the answers that clients got with the events. */
export async function faultsOfAnswers({ sql }: Asked, told: Told[], seen: Seen[]): Promise<AnswerFaults> {
  const events = await sql<Found>(`SELECT metadata->>'requestId' AS key, stream, version, type FROM events`);
  const byKey = Map.groupBy(events, ({ key }) => key);
  const newest = new Map<string, number>();
  for (const { stream, version } of events) newest.set(stream, Math.max(version, newest.get(stream) ?? 0));
  const faults: AnswerFaults = { missing: [], twice: [], refused: [], versions: [] };
  for (const { stream, version } of seen) {
    if (version > (newest.get(stream) ?? 0)) faults.versions.push(`${stream} was seen at version ${version}`);
  }
  for (const one of told) {
    const found = byKey.get(one.key) ?? [];
    const meant = found.filter(({ type }) => type === one.event);
    const event = meant.find(({ stream }) => stream === (one.stream ?? stream));
    const name = `${JSON.stringify(one)}: ${JSON.stringify(found)}`;
    if (one.status >= 300 && found.length > 0) faults.refused.push(name);
    if (one.status < 300 && !event) faults.missing.push(name);
    if (meant.length > 1) faults.twice.push(name);
    const versions = found.filter(({ stream }) => stream === event?.stream).map(({ version }) => version);
    if (event && !areAsTold(one, versions, newest.get(event.stream) ?? 0)) faults.versions.push(name);
  }
  return faults;
}

/**
 * Returns whether a conditional write directly follows the version that it required, and its answer is not older than
 * the write.
 * @param versions of its events in the stream
 * @param newest the last version of the stream
 */
function areAsTold({ ifMatch, version }: Told, versions: number[], newest: number): boolean {
  const follows = ifMatch === undefined || Math.min(...versions) === ifMatch + 1;
  return follows && (version === undefined || (version >= Math.max(...versions) && version <= newest));
}

/** Returns streams with gaps, and positions and event ids that occur twice. */
export async function faultsOfStreams({ sql }: Asked): Promise<object[]> {
  const gaps = await sql(
    `SELECT stream, count(*)::int AS events, min(version) AS first, max(version) AS last FROM events
     GROUP BY organization_id, stream HAVING min(version) <> 1 OR max(version) <> count(*)`,
  );
  const places = await sql(
    `SELECT 'position' AS twice, position::text AS value FROM events GROUP BY position HAVING count(*) > 1
     UNION ALL SELECT 'event_id', event_id::text FROM events GROUP BY event_id HAVING count(*) > 1`,
  );
  return [...gaps, ...places];
}

/** Returns events that cannot be decrypted, and the number of those that can. */
export async function faultsOfSecrets(
  { sql }: Asked,
  codec: EventCodec,
): Promise<{ opened: number; faults: string[] }> {
  const rows = await sql<EventRow>(`SELECT * FROM ${KEYED_EVENTS}`);
  const faults = rows.flatMap((row) => {
    try {
      codec.decode(row);
      return [];
    } catch (error) {
      return [`${row.stream} ${row.version}: ${(error as Error).message}`];
    }
  });
  return { opened: rows.length - faults.length, faults };
}

/**
 * Returns rows that differ between the read tables and a rebuild from the events. Afterwards, the tables are rebuilt.
 */
export async function faultsOfReadTables(database: Asked, codec: EventCodec): Promise<string[]> {
  const faults: string[] = [];
  for (const stream of STREAMS) {
    for (const table of tablesOf(stream)) {
      const before = await rowsOf(database, table);
      await rebuildTable(database.ownerUrl, codec, stream, table);
      const after = await rowsOf(database, table);
      faults.push(
        ...[...before].filter((row) => !after.has(row)).map((row) => `${table}: not of the events: ${row}`),
        ...[...after].filter((row) => !before.has(row)).map((row) => `${table}: lacks ${row}`),
      );
    }
  }
  return faults;
}

/** Returns the rows as text. It contains their key, so no two are equal. */
async function rowsOf({ sql }: Asked, table: string): Promise<Set<string>> {
  const rows = await tableRows(sql, table);
  return new Set(rows.map((row) => inspect(row, AS_TEXT)));
}
