import { type Database } from '#libs/database/database.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from '#libs/event-store/event-codec.js';
import { type Filters } from '../events/filters.rules.js';
import { cancelDeliveries } from '../subscriptions/cancellation.published.js';
import { type Ordering } from '../subscriptions/subscription.rules.js';
import { type Fence, PagedWork } from './paged-work.js';
import { type FanoutPlanner } from './relaying/fanout.js';

/** Maximum number of deliveries in a page. */
const AT_ONCE = 500;

interface OpenReview {
  organization_id: string;
  organization_name: string;
  id: string;
  events: string[];
  filters: Record<string, Filters>;
  ordering: Ordering;
  review_from: number;
}

/**
 * Cancels pending deliveries that are no longer wanted after a subscription's events or filters have changed. Only the
 * partition's leader does this, between its pages, so that no delivery by the earlier settings is stored later.
 */
export class ReviewWorker extends PagedWork<OpenReview> {
  /** @param database as the worker sees it */
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
    private readonly planner: FanoutPlanner,
  ) {
    super('Changed settings of a webhook could not be applied to waiting deliveries');
  }

  protected async open(partitions: number[]): Promise<OpenReview | undefined> {
    const [row] = await this.database.query<OpenReview>(null, {
      text: `SELECT organization_id, o.name AS organization_name, s.id, s.events, s.filters, s.ordering, h.review_from
             FROM webhook_health h JOIN webhook_subscriptions s USING (organization_id) JOIN organizations o USING (organization_id)
             WHERE s.id = h.subscription_id AND h.review_from IS NOT NULL AND partition_of(organization_id) = ANY($1)
             ORDER BY random() LIMIT 1`,
      values: [partitions],
    });
    return row;
  }

  protected async goOn(review: OpenReview, fence: Fence): Promise<void> {
    const { organization_id, id, events, filters, review_from } = review;
    const waiting = await this.#waiting(review);
    const [subscribed, unsubscribed] = [
      waiting.filter(({ event_name }) => events.includes(event_name)),
      waiting.filter(({ event_name }) => !events.includes(event_name)),
    ];
    const filtered = await this.#filteredOut(review, subscribed);
    await this.database.write(null, [
      fence(),
      cancelDeliveries(organization_id, id, unsubscribed.map(idOf), 'unsubscribed'),
      cancelDeliveries(organization_id, id, filtered.map(idOf), 'filtered'),
      {
        // A change in the meantime restarts the review.
        text: `UPDATE webhook_health h SET review_from = $4 FROM webhook_subscriptions s
               WHERE h.organization_id = $1 AND h.subscription_id = $2 AND h.review_from = $3
                 AND s.organization_id = $1 AND s.id = $2 AND s.events = $5 AND s.filters = $6`,
        values: [organization_id, id, review_from, waiting.at(-1)?.position ?? null, events, filters],
      },
    ]);
  }

  /** Returns pending deliveries after the review's position that may be unwanted, in the order of the events. */
  #waiting({ organization_id, id, review_from, events, filters }: OpenReview): Promise<Waiting[]> {
    return this.database.query<Waiting>(null, {
      text: `SELECT event_id, event_name, position FROM webhook_deliveries
             WHERE organization_id = $1 AND subscription_id = $2 AND position > $3 AND state = 'pending'
               AND (event_name <> ALL($4) OR event_name = ANY($5)) ORDER BY position LIMIT ${AT_ONCE}`,
      values: [organization_id, id, review_from, events, Object.keys(filters)],
    });
  }

  async #filteredOut({ organization_id, ...review }: OpenReview, waiting: Waiting[]): Promise<Waiting[]> {
    if (waiting.length === 0) return [];
    const rows = await this.database.query<EventRow>(null, {
      text: `SELECT * FROM ${KEYED_EVENTS} WHERE organization_id = $1 AND position = ANY($2)`,
      values: [organization_id, waiting.map(({ position }) => position)],
    });
    const events = rows.map((row) => this.codec.decode(row));
    const wanted = await this.planner.wantedBy(events, { organization_id, ...review, since: 0 });
    return waiting.filter(({ event_id }) => !wanted.has(event_id));
  }
}

interface Waiting {
  event_id: string;
  event_name: string;
  position: number;
}

function idOf({ event_id }: Waiting): string {
  return event_id;
}
