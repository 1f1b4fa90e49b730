import { type Database } from '#libs/database/database.js';
import { type Leadership } from './checkpoint.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from './event-codec.js';
import { type FeedEvent } from './event.js';

/** A piece of the feed. Reading on from `position` misses nothing, also when `events` is empty. */
export interface FeedPage {
  events: FeedEvent[];
  position: number;
  /** Whether there is more to be read at once. */
  more: boolean;
}

/**
 * Positions that one statement looks at, at most, whatever it looks for: few enough for a fraction of a second, and
 * enough for a reader that is ten million events behind to be back within a minute.
 */
export const MAX_POSITIONS = 20_000;

/** Events that a page looks at, at most: few enough for a fraction of a second. */
const MAX_SCANNED = 20_000;

/**
 * SQL for where a statement stops that reads the feed after a position: it looks at `positions`, and passes a gap behind
 * them in one step, however wide it is. A restored database begins a thousand million positions after its last event.
 * @param after SQL for the position
 * @param last SQL for the last position that may be read
 */
export function stretchEnd(after: string, last: string, positions = MAX_POSITIONS): string {
  const next = `SELECT position - 1 FROM events WHERE position > ${after} + ${positions} ORDER BY position LIMIT 1`;
  return `least(coalesce((${next}), ${last}), ${last})`;
}

/**
 * The events of a partition's organizations in the order of their positions, without gaps that fill up later: a page ends
 * where the oldest append still under way in the partition could place an event. Needs the worker's role.
 */
export class EventFeed {
  /**
   * @param typesOfInterest a query for the event types to read in the partition `led.partition`, seen in the same instant
   *   as the events
   * @param scanned events that a page looks at, whatever their types
   */
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
    private readonly typesOfInterest: string,
    private readonly scanned = MAX_SCANNED,
  ) {}

  /**
   * The next page of each of some partitions, in one round trip.
   * @param led where each page begins: after its leader's position; 0 is the beginning
   * @param limit events of one page
   * @returns a page for each, in the same order
   */
  async read(led: Led[], limit: number): Promise<FeedPage[]> {
    // Two statements, for the second must take its snapshot after the first has seen which appends are under way. It
    // walks along the positions: what is new since the planner last looked seems so little to it that it would sort it.
    const [places, rows] = (
      await this.database.transact(null, [
        {
          text: `WITH places AS (
                   SELECT horizon, least(horizon, (
                     SELECT position FROM events WHERE partition_of(organization_id) = led.partition AND position > led.position
                     ORDER BY position OFFSET $3 LIMIT 1)) AS reached
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
                     ORDER BY position LIMIT $3) AS e`,
          values: [...columnsOf(led), limit],
        },
      ])
    ).map((result) => result.rows) as [[{ horizons: number[]; reached: number[] }], (EventRow & Led)[]];
    const [{ horizons, reached }] = places;
    const found = Map.groupBy(rows, ({ partition }) => partition);
    return led.map(({ partition, position: after }, index) => {
      const events = (found.get(partition) ?? []).map((row) => this.codec.decode(row));
      const last = events.length === limit ? events.at(-1) : undefined;
      const position = last?.position ?? Math.max(after, reached[index] as number);
      return { events, position, more: position < (horizons[index] as number) };
    });
  }

  /** Which partitions have events after the positions that their leaders have come to. */
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

/** Partitions, and the positions that their leaders have come to: as values, and in SQL. */
type Led = Pick<Leadership, 'partition' | 'position'>;
const LED = 'unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS led(partition, position, ordinality)';

function columnsOf(led: Led[]): [number[], number[]] {
  return [led.map(({ partition }) => partition), led.map(({ position }) => position)];
}
