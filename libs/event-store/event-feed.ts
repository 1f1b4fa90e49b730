import { type Database } from '#libs/platform/database.js';
import { type Leadership } from './checkpoint.js';
import { type FeedEvent } from './event.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from './event-codec.js';

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
   * @param typesOfInterest a query for the event types to read, seen in the same instant as the events
   * @param scanned events that a page looks at, whatever their types
   */
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
    private readonly typesOfInterest: string,
    private readonly scanned = MAX_SCANNED,
  ) {}

  /** Events after a position, at most `limit`, in one round trip. 0 is the beginning. */
  async read(partition: number, after: number, limit: number): Promise<FeedPage> {
    // Two statements, for the second must take its snapshot after the first has seen which appends are under way. It
    // walks along the positions: what is new since the planner last looked seems so little to it that it would sort it.
    const [horizonResult, eventsResult] = await this.database.transact(null, [
      {
        text: `SELECT horizon, set_config('enable_bitmapscan', 'off', true),
                 set_config('app.stretch_end', least(horizon, (
                   SELECT position FROM events WHERE partition_of(organization_id) = $2 AND position > $1
                   ORDER BY position OFFSET $3 LIMIT 1))::text, true) AS reached
               FROM feed_horizon($2) AS horizon`,
        values: [after, partition, this.scanned - 1],
      },
      {
        text: `SELECT * FROM ${KEYED_EVENTS}
               WHERE partition_of(organization_id) = $3
                 AND position > $1 AND position <= current_setting('app.stretch_end')::bigint AND type = ANY(ARRAY(${this.typesOfInterest}))
               ORDER BY position LIMIT $2`,
        values: [after, limit, partition],
      },
    ]);
    const rows = (eventsResult?.rows ?? []) as EventRow[];
    const [{ horizon, reached }] = horizonResult?.rows as [{ horizon: number; reached: string }];
    const last = rows.length === limit ? rows.at(-1) : undefined;
    const position = last?.position ?? Math.max(after, Number(reached));
    return { events: rows.map((row) => this.codec.decode(row)), position, more: position < horizon };
  }

  /** Which partitions have events after the positions that their leaders have come to. */
  async partitionsWithNews(leaderships: Pick<Leadership, 'partition' | 'position'>[]): Promise<number[]> {
    const rows = await this.database.query<{ partition: number }>(null, {
      text: `SELECT partition FROM unnest($1::int[], $2::bigint[]) AS led(partition, position)
             WHERE EXISTS (SELECT FROM events WHERE partition_of(organization_id) = led.partition
               AND events.position > led.position)`,
      values: [leaderships.map(({ partition }) => partition), leaderships.map(({ position }) => position)],
    });
    return rows.map(({ partition }) => partition);
  }
}
