import { type Database } from '#libs/platform/database.js';
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
 * All organizations' events in the order of their positions, without gaps that fill up later: a page ends where the
 * oldest append still under way could place an event. Needs the worker's role.
 */
export class EventFeed {
  /**
   * @param typesOfInterest a query for the event types to read, seen in the same instant as the events
   * @param positions that a page looks at
   */
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
    private readonly typesOfInterest: string,
    private readonly positions = MAX_POSITIONS,
  ) {}

  /** Events after a position, at most `limit`, up to {@link stretchEnd}; in one round trip. 0 is the beginning. */
  async read(after: number, limit: number): Promise<FeedPage> {
    // Two statements, for the second must take its snapshot after the first has seen which appends are under way. It
    // walks along the positions: what is new since the planner last looked seems so little to it that it would sort it.
    const [horizonResult, eventsResult] = await this.database.transact(null, [
      {
        text: `SELECT horizon, set_config('enable_bitmapscan', 'off', true),
                 set_config('app.stretch_end', (${stretchEnd('$1::bigint', 'horizon', this.positions)})::text, true) AS reached
               FROM feed_horizon() AS horizon`,
        values: [after],
      },
      {
        text: `SELECT * FROM ${KEYED_EVENTS}
               WHERE position > $1 AND position <= current_setting('app.stretch_end')::bigint
                 AND type = ANY(ARRAY(${this.typesOfInterest}))
               ORDER BY position LIMIT $2`,
        values: [after, limit],
      },
    ]);
    const rows = (eventsResult?.rows ?? []) as EventRow[];
    const [{ horizon, reached }] = horizonResult?.rows as [{ horizon: number; reached: string }];
    const last = rows.length === limit ? rows.at(-1) : undefined;
    const position = last?.position ?? Math.max(after, Number(reached));
    return { events: rows.map((row) => this.codec.decode(row)), position, more: position < horizon };
  }
}
