import { Logger } from '@nestjs/common';
import { isFenced } from '#libs/event-store/checkpoint.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from '#libs/event-store/event-codec.js';
import { type Statement } from '#libs/platform/batch.js';
import { type Database } from '#libs/platform/database.js';
import { cancelDeliveries } from '../cancellation.js';
import { type Filters } from '../filters.js';
import { type Ordering } from '../subscription.js';
import { type FanoutPlanner } from './fanout.js';

/** Deliveries that one page looks at. */
const AT_ONCE = 500;
/** How often open reviews are looked for while there is none; and for how long one that fails is left alone. */
const [LOOK_MS, FAILURE_PAUSE_MS] = [1_000, 30_000];

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
 * Cancels what waits and is no longer asked for, after a subscription's events or filters have changed. Only the relay's
 * leader does this, between its pages: so no delivery is stored later that was planned by the settings before.
 */
export class Reviews {
  readonly #logger = new Logger('Reviews');
  #lookAt = 0;
  #busy = false;

  /** @param database as the worker sees it */
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
    private readonly planner: FanoutPlanner,
  ) {}

  /**
   * Does one page of one of the open reviews; false when there is none. One that fails keeps nothing else waiting.
   * @param fence makes a statement that fails when somebody else leads
   */
  async page(fence: () => Statement): Promise<boolean> {
    const now = performance.now();
    if (!this.#busy && now < this.#lookAt) return false;
    this.#lookAt = now + LOOK_MS;
    try {
      const review = await this.#open();
      this.#busy = review !== undefined;
      if (review) await this.#goOn(review, fence);
    } catch (error) {
      this.#busy = false;
      if (isFenced(error)) throw error;
      this.#lookAt = now + FAILURE_PAUSE_MS;
      this.#logger.warn({ err: error as Error }, 'Changed settings of a webhook could not be applied to what waits');
    }
    return this.#busy;
  }

  /** By lot, so that a long one does not keep others waiting. */
  async #open(): Promise<OpenReview | undefined> {
    const [row] = await this.database.query<OpenReview>(null, {
      text: `SELECT organization_id, o.name AS organization_name, s.id, s.events, s.filters, s.ordering, h.review_from
             FROM webhook_health h JOIN webhook_subscriptions s USING (organization_id) JOIN organizations o USING (organization_id)
             WHERE s.id = h.subscription_id AND h.review_from IS NOT NULL ORDER BY random() LIMIT 1`,
    });
    return row;
  }

  async #goOn(review: OpenReview, fence: () => Statement): Promise<void> {
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
        // A change that has come meanwhile begins anew.
        text: `UPDATE webhook_health h SET review_from = $4 FROM webhook_subscriptions s
               WHERE h.organization_id = $1 AND h.subscription_id = $2 AND h.review_from = $3
                 AND s.organization_id = $1 AND s.id = $2 AND s.events = $5 AND s.filters = $6`,
        values: [organization_id, id, review_from, waiting.at(-1)?.position ?? null, events, filters],
      },
    ]);
  }

  /** What waits behind the place that the review has come to and may be asked for no longer, in the order of the events. */
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
