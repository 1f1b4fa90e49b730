import { type Statement } from '#libs/database/batch.js';
import { merged } from '#libs/database/merged-statements.js';
import { EVENT_KEYS, type EventCodec, type EventRow, SEALED_KEY } from './event-codec.js';
import { IN_PARTITION } from './event-feed.js';
import { type RecordedEvent } from './event.js';
import { type Loaded } from './loaded.js';
import { changesOfTables } from './read-tables.js';
import { type AnyStreamDefinition } from './stream-definition.js';
import { after } from './stream-states.js';

/** Runs a query and returns its rows. */
export type Query = <Row>(statement: Statement) => Promise<Row[]>;

/** Where a partition's next page begins: after a position. Events after the horizon are left out. */
export interface Place {
  partition: number;
  position: number;
  horizon: number;
}

/** The rows that follow from the next events of a partition. */
export interface Page {
  statements: Statement[];
  events: number;
  /** Where the page after it begins; absent in the last page. */
  position?: number;
}

/** Reads the next page of a partition. */
export type ReadPage = (query: Query, place: Place) => Promise<Page>;

/** Maximum number of streams in a page, and of events in memory for each connection. */
const STREAMS = 500;
const EVENTS = 2_000;

/** Returns how the events of a table are read: it holds the last states of streams, or what each event does to it. */
export function pagesOf(codec: EventCodec, definition: AnyStreamDefinition, table: string): ReadPage {
  const isProjection = definition.projections?.some((projection) => projection.table === table);
  return isProjection ? pagesOfEvents(codec, definition, table) : pagesOfStreams(codec, definition, table);
}

/** Pages of events in the order of their positions, because a row may follow from several streams. */
function pagesOfEvents(codec: EventCodec, definition: AnyStreamDefinition, table: string): ReadPage {
  const nothing: Loaded<unknown> = { state: definition.initialState as unknown, version: 0 };
  return async (query, { partition, position, horizon }) => {
    const rows = await query<EventRow>({
      text: SELECT_EVENTS,
      values: [partition, position, horizon, `${definition.category}-%`],
    });
    const statements = rows.flatMap((row) =>
      changesOfTables(definition, [codec.decode(row)], nothing, nothing, { table }),
    );
    return { statements, events: rows.length, position: rows.length === EVENTS ? rows.at(-1)?.position : undefined };
  };
}

/** Pages of whole streams, in the order of their first events: each is folded once, and its last state is written. */
function pagesOfStreams(codec: EventCodec, definition: AnyStreamDefinition, table: string): ReadPage {
  const fold = (rows: EventRow[], before: Loaded<unknown>) =>
    rows.reduce((state, row) => after(definition, state, codec.decode(row)), before);

  return async (query, { partition, position, horizon }) => {
    const rows = await query<StreamRow>({
      text: SELECT_STREAMS,
      values: [partition, position, horizon, `${definition.category}-%`],
    });
    const isCut = rows.length === EVENTS;
    const streams = [...Map.groupBy(rows, ({ first }) => first).values()];
    // The next page begins with the stream that was cut.
    if (isCut && streams.length > 1) streams.pop();
    const statements: Statement[] = [];
    let events = 0;
    for (const own of streams) {
      const [first] = own as [StreamRow];
      const sealedKey = first.sealed_key ?? undefined;
      const nothing: Loaded<unknown> = { state: definition.initialState as unknown, version: 0, sealedKey };
      let state = fold(own, nothing);
      events += own.length;
      for (let page: EventRow[] = own; page.length === EVENTS; events += page.length) {
        page = await query<EventRow>({
          text: SELECT_REST,
          values: [first.organization_id, first.stream, state.version, horizon],
        });
        state = fold(page, state);
      }
      const recorded = [codec.decode(first)] as RecordedEvent[];
      statements.push(...changesOfTables(definition, recorded, nothing, state, { table }));
    }
    const isLast = !isCut && streams.length < STREAMS;
    return { statements: merged(statements), events, position: isLast ? undefined : streams.at(-1)?.[0]?.first };
  };
}

/** An event of a page of streams. */
interface StreamRow extends EventRow {
  /** The position of its stream's first event. */
  first: number;
}

const COLUMNS = `organization_id, stream, version, position::float8 AS position, event_id, type, schema_version, data,
  metadata, recorded_at`;

const SELECT_EVENTS = `
  SELECT ${COLUMNS}, ${EVENT_KEYS}
  FROM (SELECT * FROM events WHERE partition_of(organization_id) = $1 AND events.position > $2 AND events.position <= $3
      AND stream LIKE $4
    ORDER BY ${IN_PARTITION} LIMIT ${EVENTS}) AS e
  ORDER BY e.position`;

/**
 * The limit of the events of one stream keeps the planner to the primary key, whatever it knows of the table. It reads no
 * more streams than fill the page, because it is told that they are sorted.
 */
const SELECT_STREAMS = `
  SELECT s.first::float8 AS first, s.sealed_key, e.*
  FROM (SELECT *, ${SEALED_KEY} AS sealed_key
    FROM (SELECT organization_id, stream, position AS first FROM events
      WHERE partition_of(organization_id) = $1 AND position > $2 AND position <= $3 AND version = 1 AND stream LIKE $4
      ORDER BY ${IN_PARTITION} LIMIT ${STREAMS}) AS e
    ORDER BY first) AS s
  CROSS JOIN LATERAL (SELECT ${COLUMNS} FROM events
    WHERE organization_id = s.organization_id AND stream = s.stream AND events.position <= $3
    ORDER BY version LIMIT ${EVENTS}) AS e
  ORDER BY s.first, e.version LIMIT ${EVENTS}`;

const SELECT_REST = `
  SELECT ${COLUMNS}, ${SEALED_KEY} AS sealed_key
  FROM events AS e WHERE organization_id = $1 AND stream = $2 AND version > $3 AND e.position <= $4
  ORDER BY version LIMIT ${EVENTS}`;
