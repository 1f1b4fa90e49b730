import { inspect, type InspectOptions } from 'node:util';
import { STREAMS } from '#libs/resources/resources.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from '#libs/event-store/event-codec.js';
import { rebuildTable } from '#libs/event-store/rebuild.js';
import { tablesOf } from '#libs/event-store/stream-definition.js';
import { type TestDatabase } from '#libs/testing/test-database.js';
import { tableRows } from './table-rows.js';

/** All of a value, the same whatever the order of its members. */
const AS_TEXT: InspectOptions = {
  depth: null,
  sorted: true,
  breakLength: Infinity,
  maxArrayLength: null,
  maxStringLength: null,
};

/** Asked as its owner, who is a superuser. */
type Asked = Pick<TestDatabase, 'ownerUrl' | 'sql'>;

/** A write, and what its client was told in the end, however often it had to ask. */
export interface Told {
  /** Sent as `Idempotency-Key` and, so that it stands in the events, as `X-Request-Id`. */
  key: string;
  status: number;
  /** The type of the one event that a success stands for. */
  event: string;
  /** Where that is. Absent when it was not answered which. */
  stream?: string;
  /** The version that the write was conditional on. */
  ifMatch?: number;
  /** The version that the answer told. */
  version?: number;
}

/** A version that a client was told of a stream. */
export interface Seen {
  stream: string;
  version: number;
}

/** What is wrong, in words; nothing in all of them is how it has to be. */
export interface AnswerFaults {
  /** Writes that were answered with success, and are not there. */
  missing: string[];
  twice: string[];
  /** Writes that were refused, and are there. */
  refused: string[];
  /** Versions that are not what was told. */
  versions: string[];
}

interface Found {
  key: string | null;
  stream: string;
  version: number;
  type: string;
}

/** Compares what clients were told with the events. */
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
 * A conditional write comes next after what it was conditional on. What it is answered is not older than itself.
 * @param versions of its events in the stream
 * @param newest the stream's last
 */
function areAsTold({ ifMatch, version }: Told, versions: number[], newest: number): boolean {
  const follows = ifMatch === undefined || Math.min(...versions) === ifMatch + 1;
  return follows && (version === undefined || (version >= Math.max(...versions) && version <= newest));
}

/** Streams with gaps, and places in the feed that are taken twice. */
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

/** Events that cannot be read: their secrets, or what is personal, do not open. Answers how many can be, besides. */
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

/** Read tables that are not what a rebuild makes of the events, row by row. They are rebuilt by that. */
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

/** Its rows as text: their key is among it, so that none is there twice. */
async function rowsOf({ sql }: Asked, table: string): Promise<Set<string>> {
  const rows = await tableRows(sql, table);
  return new Set(rows.map((row) => inspect(row, AS_TEXT)));
}
