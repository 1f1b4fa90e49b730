import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type EventRow } from './event-codec.js';

/** Which events of the feed to read; all unless given. What is given must all hold. */
export interface FeedFilter {
  types?: string[];
  /** The streams of one kind. */
  category?: string;
  /** One stream. */
  stream?: string;
}

/** A piece of an organization's feed. */
export interface OrganizationFeedPage {
  rows: EventRow[];
  /** Reading on from here misses nothing and repeats nothing, also when `rows` is empty. */
  position: number;
  /** Whether there is more to be read at once. */
  more: boolean;
  /** Whether there is more to be read as soon as appends end that are under way. */
  soon: boolean;
}

/** Events that one read looks at, at most, in search of those that a filter lets through. */
const MAX_SCANNED = 10_000;

/**
 * A later statement must take its snapshot after this one has seen which appends are under way. Without sorting, the
 * planner is left with the one index that has the order that is asked for; it would else read the events of all
 * organizations, where it takes this one's to be many among them, and sort them.
 */
const setHorizon = (organizationId: string): Statement => ({
  text: `SELECT set_config('app.feed_horizon', feed_horizon(partition_of($1))::text, true),
           set_config('enable_sort', 'off', true)`,
  values: [organizationId],
});
const HORIZON = "current_setting('app.feed_horizon')::bigint";

/** All that is left of the feed, in the order of its index; or what is left of one stream, which has the same order. */
const SCANS = {
  feed: { where: '', order: 'position NULLS FIRST' },
  stream: { where: 'AND stream = $7', order: 'version' },
};

/**
 * The events of one organization in the order of their positions, without gaps that fill up later: a page ends where the
 * oldest append still under way could place an event. Needs no more than the application's role.
 */
export class OrganizationFeed {
  constructor(private readonly database: Database) {}

  /** Events after a position, at most `limit`, in one round trip. 0 is the beginning. */
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
    const [, result] = await this.database.transact(organizationId, [
      setHorizon(organizationId),
      stream === undefined ? { text: FEED_PAGE, values } : { text: STREAM_PAGE, values: [...values, stream] },
    ]);
    const found = result?.rows as [Reach, ...Reach[]];
    const [{ reached, looked_at: lookedAt, soon }] = found;
    const rows = found.filter((row) => row.event_id !== null) as (Reach & EventRow)[];
    const last = rows.length === limit ? rows.at(-1)?.position : undefined;
    const position = last ?? reached ?? after;
    return { rows, position, more: lookedAt === scanned || (reached !== null && position < reached), soon };
  }

  /** Where the organization's feed ends now. */
  async end(organizationId: string): Promise<number> {
    const [, result] = await this.database.transact(organizationId, [
      setHorizon(organizationId),
      {
        text: `SELECT position FROM events WHERE organization_id = $1 AND position <= (SELECT ${HORIZON})
               ORDER BY position DESC NULLS LAST LIMIT 1`,
        values: [organizationId],
      },
    ]);
    const [last] = result?.rows as { position: number }[];
    return last?.position ?? 0;
  }
}

/** What a page has looked at: in the row of each of its events, or in one without an event when it has none. */
interface Reach {
  event_id: string | null;
  reached: number | null;
  looked_at: number;
  soon: boolean;
}

/**
 * What is there is looked at first, by little more than its place; what passes the filter is then read by its key. A page
 * goes no further than an event that was seen, never to the horizon itself: after a crash, PostgreSQL may give a position
 * again that it had given to an append that came to nothing.
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
      LEFT JOIN stream_keys USING (organization_id, stream)) ON true
    ORDER BY position`;
}

const FEED_PAGE = page(SCANS.feed);
const STREAM_PAGE = page(SCANS.stream);
