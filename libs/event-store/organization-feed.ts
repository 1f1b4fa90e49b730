import { type BatchResult, type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type EventRow, WITH_KEYS } from './event-codec.js';

/** A filter of the feed's events. All given conditions must hold; without any, it matches all. */
export interface FeedFilter {
  types?: string[];
  /** Matches streams of one category. */
  category?: string;
  /** Matches one stream. */
  stream?: string;
}

/** A page of an organization's feed. */
export interface OrganizationFeedPage {
  rows: EventRow[];
  /** A reader that continues here misses and repeats nothing, even if `rows` is empty. */
  position: number;
  /** Whether more can be read immediately. */
  more: boolean;
  /** Whether there will be more to read when appends in progress end. */
  soon: boolean;
}

/** Maximum number of events that one read looks at to find those that match a filter. */
const MAX_SCANNED = 10_000;

/**
 * Returns a statement that sets the horizon. A later statement must take its snapshot after this one has seen the
 * appends in progress. Without sorting, the planner must use the one index with the requested order. Otherwise it would
 * read and sort the events of all organizations, if this one has many of them.
 */
const setHorizon = (organizationId: string): Statement => ({
  text: `SELECT set_config('app.feed_horizon', feed_horizon(partition_of($1))::text, true),
           set_config('enable_sort', 'off', true)`,
  values: [organizationId],
});
const HORIZON = "current_setting('app.feed_horizon')::bigint";

/** The scans of a page: the rest of the feed by its index, or the rest of one stream, which has the same order. */
const SCANS = {
  feed: { where: '', order: 'position NULLS FIRST' },
  stream: { where: 'AND stream = $7', order: 'version' },
};

/**
 * The events of one organization in the order of their positions, without gaps that fill up later: a page ends where
 * the oldest append in progress could place an event. Needs only the application's role. Never reads from a standby,
 * whose `pg_locks` lacks the appends in progress.
 */
export class OrganizationFeed {
  constructor(private readonly database: Database) {}

  /** Returns at most `limit` events after a position, in one round trip. 0 is the beginning. */
  async read(
    organizationId: string,
    after: number,
    limit: number,
    { types, category, stream }: FeedFilter = {},
  ): Promise<OrganizationFeedPage> {
    const filtered = types !== undefined || category !== undefined;
    const scanned = filtered ? MAX_SCANNED : limit + 1;
    const prefix = category === undefined ? null : `${category}-`;
    const values = [organizationId, after, scanned, limit, types ?? null, prefix];
    const [, result] = await this.#afterHorizon(
      organizationId,
      stream === undefined ? { text: FEED_PAGE, values } : { text: STREAM_PAGE, values: [...values, stream] },
    );
    const found = result?.rows as [Reach, ...Reach[]];
    const [{ reached, looked_at: lookedAt, soon }] = found;
    const rows = found.filter((row) => row.event_id !== null) as (Reach & EventRow)[];
    const last = rows.length === limit ? rows.at(-1)?.position : undefined;
    const position = last ?? reached ?? after;
    return { rows, position, more: lookedAt === scanned || (reached !== null && position < reached), soon };
  }

  /** Returns the position at which the organization's feed ends now. */
  async end(organizationId: string): Promise<number> {
    const [, result] = await this.#afterHorizon(organizationId, {
      text: `SELECT position FROM events WHERE organization_id = $1 AND position <= (SELECT ${HORIZON})
             ORDER BY position DESC NULLS LAST LIMIT 1`,
      values: [organizationId],
    });
    const [last] = result?.rows as { position: number }[];
    return last?.position ?? 0;
  }

  #afterHorizon(organizationId: string, statement: Statement): Promise<BatchResult[]> {
    const statements = [setHorizon(organizationId), statement];
    return this.database.latest(() => this.database.transact(organizationId, statements));
  }
}

/** The position that a page has reached: in the row of each of its events, or in one row without an event. */
interface Reach {
  event_id: string | null;
  reached: number | null;
  looked_at: number;
  soon: boolean;
}

/**
 * Returns the SQL of a page. It scans little more than positions first, and then reads matching events by their keys. A
 * page ends at an event that was seen, never at the horizon: after a crash, PostgreSQL may reuse a position that it had
 * given to an append that was not committed.
 */
function page({ where, order }: { where: string; order: string }): string {
  return `
    WITH scanned AS MATERIALIZED (
      SELECT organization_id, stream, version, type, position FROM events
      WHERE organization_id = $1 AND position > $2 AND position <= (SELECT ${HORIZON}) ${where}
      ORDER BY ${order} LIMIT $3
    ), reach AS (
      SELECT max(position) AS reached, count(*) AS looked_at, (
        SELECT position FROM events WHERE organization_id = $1 AND position > greatest($2, (SELECT ${HORIZON}))
        ORDER BY position NULLS FIRST LIMIT 1
      ) IS NOT NULL AS soon FROM scanned
    ), passed AS (
      SELECT organization_id, stream, version FROM scanned
      WHERE ($5::text[] IS NULL OR type = ANY($5)) AND ($6::text IS NULL OR starts_with(stream, $6))
      ORDER BY position LIMIT $4
    )
    SELECT * FROM reach LEFT JOIN (passed JOIN events USING (organization_id, stream, version)
      ${WITH_KEYS}) ON true
    ORDER BY position`;
}

const FEED_PAGE = page(SCANS.feed);
const STREAM_PAGE = page(SCANS.stream);
