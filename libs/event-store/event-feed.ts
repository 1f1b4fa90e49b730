import { type Database } from '#libs/database/database.js';
import { type Leadership } from './checkpoint.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from './event-codec.js';
import { type FeedEvent } from './event.js';

/** A page of the feed. A reader that continues at `position` misses nothing, even if `events` is empty. */
export interface FeedPage {
  events: FeedEvent[];
  position: number;
  /** Whether more can be read immediately. */
  more: boolean;
}

/**
 * Maximum number of positions that one statement looks at. It takes a fraction of a second, and lets a reader that is
 * ten million events behind catch up within a minute.
 */
export const MAX_POSITIONS = 20_000;

/**
 * The order of the events of one partition. Row-level security keeps the planner from knowing that the partition is
 * constant: ordered by the position alone, it would sort the rest of the partition, or walk along all partitions.
 */
export const IN_PARTITION = 'partition_of(organization_id), position';

/** Maximum number of events that a page looks at, in a fraction of a second. */
const MAX_SCANNED = 20_000;

/**
 * Returns SQL for the position at which a statement that reads the feed stops: it looks at `positions`, and skips a gap
 * after them in one step, however wide. A restored database begins a thousand million positions after its last event.
 * @param after SQL for the position
 * @param last SQL for the last position that may be read
 */
export function stretchEnd(after: string, last: string, positions = MAX_POSITIONS): string {
  const next = `SELECT position - 1 FROM events WHERE position > ${after} + ${positions} ORDER BY position LIMIT 1`;
  return `least(coalesce((${next}), ${last}), ${last})`;
}

/**
 * The events of a partition's organizations in the order of their positions, without gaps that fill up later: a page
 * ends where the oldest append in progress in the partition could place an event. Needs the worker's role.
 */
export class EventFeed {
  /**
   * @param typesOfInterest a query for the event types to read in the partition `led.partition`, in the same snapshot
   *   as the events
   * @param scanned number of events that a page looks at, of all types
   */
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
    private readonly typesOfInterest: string,
    private readonly scanned = MAX_SCANNED,
  ) {}

  /**
   * Returns the next page of each of some partitions, in one round trip.
   * @param led where each page begins: after its leader's position; 0 is the beginning
   * @param limit maximum number of events in a page
   * @returns a page for each, in the same order
   */
  async read(led: Led[], limit: number): Promise<FeedPage[]> {
    // Two statements, because the second must take its snapshot after the first has seen which appends are in progress.
    // No bitmap scans, so that events are read by position: the planner underestimates new events, and would sort.
    const [places, rows] = (
      await this.database.transact(null, [
        {
          text: `WITH places AS (
                   SELECT horizon, least(horizon, (
                     SELECT position FROM events WHERE partition_of(organization_id) = led.partition AND position > led.position
                     ORDER BY ${IN_PARTITION} OFFSET $3 LIMIT 1)) AS reached
                   FROM ${LED} JOIN feed_horizons($1) AS h USING (partition) ORDER BY ordinality)
                 SELECT array_agg(horizon) AS horizons, array_agg(reached) AS reached,
                   set_config('app.reached', array_agg(reached)::text, true), set_config('enable_bitmapscan', 'off', true)
                 FROM places`,
          values: [...columnsOf(led), this.scanned - 1],
        },
        {
          text: `SELECT led.partition, e.* FROM ${LED}
                   CROSS JOIN LATERAL (SELECT (current_setting('app.reached')::bigint[])[ordinality] AS reached,
                     ARRAY(${this.typesOfInterest}) AS types) AS found
                   CROSS JOIN LATERAL (
                     SELECT * FROM ${KEYED_EVENTS}
                     WHERE partition_of(organization_id) = led.partition AND position > led.position AND position <= reached
                       AND type = ANY(types)
                     ORDER BY ${IN_PARTITION} LIMIT $3) AS e`,
          values: [...columnsOf(led), limit],
        },
      ])
    ).map((result) => result.rows) as [[{ horizons: number[]; reached: number[] }], (EventRow & Led)[]];
    const [{ horizons, reached }] = places;
    const found = Map.groupBy(rows, ({ partition }) => partition);
    return led.map(({ partition, position: after }, index) => {
      const events = (found.get(partition) ?? []).map((row) => this.codec.decodeIfKnown(row));
      const last = events.length === limit ? events.at(-1) : undefined;
      const position = last?.position ?? Math.max(after, reached[index] as number);
      return { events, position, more: position < (horizons[index] as number) };
    });
  }

  /** Returns the partitions that have events after their leaders' positions. */
  async partitionsWithNews(led: Led[]): Promise<number[]> {
    const rows = await this.database.query<{ partition: number }>(null, {
      text: `SELECT partition FROM ${LED}
             WHERE EXISTS (SELECT FROM events WHERE partition_of(organization_id) = led.partition
               AND events.position > led.position)`,
      values: columnsOf(led),
    });
    return rows.map(({ partition }) => partition);
  }
}

/** A partition, and the position that its leader has reached. */
type Led = Pick<Leadership, 'partition' | 'position'>;
const LED = 'unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS led(partition, position, ordinality)';

function columnsOf(led: Led[]): [number[], number[]] {
  return [led.map(({ partition }) => partition), led.map(({ position }) => position)];
}
