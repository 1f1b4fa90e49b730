import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from '#libs/event-store/event-codec.js';
import { MAX_POSITIONS, stretchEnd } from '#libs/event-store/event-feed.js';
import { type EventStore } from '#libs/event-store/event-store.js';
import { type FeedEvent } from '#libs/event-store/event.js';
import { type Filters } from '../events/filters.rules.js';
import { recoveryStream } from '../recovery/recovery.stream.js';
import { type Ordering } from '../subscriptions/subscription.rules.js';
import { type Fence, PagedWork } from './paged-work.js';
import { deliveriesOf, enroll, SELECT_DELIVERIES, storeMessages } from './relaying/fanout-rows.js';
import { type FanoutPlanner } from './relaying/fanout.js';

/** Maximum number of events in a page. */
const EVENTS = 500;
/** Maximum decrease of times while positions rise: clocks differ, and transactions take time. */
const DISORDER = "interval '1 hour'";

interface OpenRecovery {
  organization_id: string;
  id: string;
  since: Date;
  until: Date;
  only_missing: boolean;
  requested_by: string;
  /** The position reached; null before its first page. */
  position: number | null;
  last_position: number;
  /** The last position of the next page. */
  through: number;
  examined: number;
  queued: number;
  organization_name: string;
  subscription_id: string;
  /** Null when the subscription is gone. */
  events: string[] | null;
  filters: Record<string, Filters>;
  ordering: Ordering;
}

/**
 * Replays past events for subscriptions that have missed some. Each page makes deliveries due and moves the recovery's
 * own checkpoint in one transaction, so it may stop anywhere, and no delivery becomes due twice. Only the partition's
 * leader does this, so that redactions find personal data that is forgotten while a page is made, as with new events.
 */
export class RecoveryWorker extends PagedWork<OpenRecovery> {
  /** @param database as the worker sees it */
  constructor(
    private readonly database: Database,
    private readonly store: EventStore,
    private readonly codec: EventCodec,
    private readonly planner: FanoutPlanner,
  ) {
    super('A recovery failed');
  }

  protected async goOn(recovery: OpenRecovery, fence: Fence): Promise<void> {
    const { position, last_position, events } = recovery;
    if (position === null) await this.#begin(recovery, fence());
    else if (events && position < last_position) await this.#examine(recovery, position, events, fence);
    else await this.#finish(recovery);
  }

  protected async open(partitions: number[]): Promise<OpenRecovery | undefined> {
    const [row] = await this.database.query<OpenRecovery>(null, {
      text: `SELECT r.*, p.position, p.last_position, ${stretchEnd('p.position', 'p.last_position')} AS through, coalesce(p.examined, 0) AS examined, coalesce(p.queued, 0) AS queued,
               o.name AS organization_name, s.events, s.filters, s.ordering
             FROM webhook_recoveries r JOIN organizations o USING (organization_id)
               LEFT JOIN webhook_recovery_progress p ON p.organization_id = r.organization_id AND p.recovery_id = r.id
               LEFT JOIN webhook_subscriptions s ON s.organization_id = r.organization_id AND s.id = r.subscription_id
             WHERE r.finished_at IS NULL AND partition_of(r.organization_id) = ANY($1) ORDER BY random() LIMIT 1`,
      values: [partitions],
    });
    return row;
  }

  /** Finds the part of the feed that covers its period, or a little more. */
  async #begin({ organization_id, id, since, until }: OpenRecovery, fence: Statement): Promise<void> {
    await this.database.write(null, [
      fence,
      {
        text: `SELECT set_config('app.feed_horizon', feed_horizon(partition_of($1))::text, true)`,
        values: [organization_id],
      },
      {
        text: `INSERT INTO webhook_recovery_progress (organization_id, recovery_id, position, last_position)
               SELECT $1, $2, (${placeOf('low', `$3::timestamptz - ${DISORDER}`)}),
                 (${placeOf('high', `$4::timestamptz + ${DISORDER}`)})
               ON CONFLICT DO NOTHING`,
        values: [organization_id, id, since, until],
      },
    ]);
  }

  async #examine(recovery: OpenRecovery, after: number, types: string[], fence: Fence): Promise<void> {
    const { organization_id, id, subscription_id, through, only_missing } = recovery;
    const events = await this.#events(recovery, after, types);
    const position = events.length === EVENTS ? (events.at(-1) as FeedEvent).position : through;
    const candidate = { ...recovery, id: subscription_id, events: types, since: 0 };
    const fanouts = await this.planner.plan(events, new Map([[organization_id, [candidate]]]));
    await this.database.write(null, [
      fence(),
      enroll([{ organizationId: organization_id, subscriptionId: subscription_id }]),
      storeMessages(fanouts),
      {
        text: `WITH queued AS (
                 INSERT INTO webhook_deliveries AS d
                   (organization_id, subscription_id, event_id, event_name, position, next_attempt_at) ${SELECT_DELIVERIES}
                 ON CONFLICT (organization_id, event_id, subscription_id) DO UPDATE SET
                   state = 'pending', attempts = 0, next_attempt_at = excluded.next_attempt_at, finished_at = NULL,
                   cancel_reason = NULL
                 WHERE d.state IN ('exhausted', 'cancelled') OR (d.state = 'delivered' AND NOT $2)
                 RETURNING 1
               )
               UPDATE webhook_recovery_progress SET position = $3, examined = examined + $4,
                 queued = queued + (SELECT count(*) FROM queued)
               WHERE organization_id = $5 AND recovery_id = $6`,
        values: [deliveriesOf(fanouts), only_missing, position, events.length, organization_id, id],
      },
    ]);
  }

  async #events(
    { organization_id, since, until, through }: OpenRecovery,
    after: number,
    types: string[],
  ): Promise<FeedEvent[]> {
    const rows = await this.database.query<EventRow>(null, {
      text: `SELECT * FROM ${KEYED_EVENTS} WHERE position > $1 AND position <= $2 AND organization_id = $3
               AND type = ANY($4) AND recorded_at >= $5 AND recorded_at < $6
             ORDER BY position LIMIT ${EVENTS}`,
      values: [after, through, organization_id, types, since, until],
    });
    return rows.map((row) => this.codec.decode(row));
  }

  async #finish({ organization_id, id, requested_by, examined, queued }: OpenRecovery): Promise<void> {
    const context = { organizationId: organization_id, actorId: requested_by };
    await this.store.handle(recoveryStream, id, context, { type: 'FinishRecovery', id, examined, queued });
  }
}

/**
 * Returns a query that bisects the feed for an instant: events up to `low` are older, those after `high` are not. One
 * page can look at the events in between. This is correct as far as times rise with positions.
 */
export function placeOf(bound: 'low' | 'high', instant: string): string {
  return `WITH RECURSIVE halves(low, high) AS (
      SELECT 0::bigint, current_setting('app.feed_horizon')::bigint
      UNION ALL
      SELECT CASE WHEN recorded_at < ${instant} THEN position ELSE low END,
        CASE WHEN recorded_at < ${instant} THEN high ELSE middle END
      FROM halves CROSS JOIN LATERAL (SELECT (low + high) / 2) AS m(middle)
        LEFT JOIN LATERAL (
          SELECT position, recorded_at FROM events WHERE position > middle AND position <= high ORDER BY position LIMIT 1
        ) AS next ON true
      WHERE high - low > ${MAX_POSITIONS}
    ) SELECT ${bound} FROM halves ORDER BY high - low LIMIT 1`;
}
