import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '#libs/database/database.js';
import { type Cursor, Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { command, query } from '#libs/platform/messages.js';
import { type Scope } from '#libs/platform/scopes.js';
import { EVENT_NAMES } from '../catalogue/catalogue.published.js';
import { cancelDeliveries } from '../subscriptions/cancellation.published.js';
import { SUBSCRIPTION_EXISTS, SubscriptionReader } from '../subscriptions/subscription.reader.js';
import {
  DELIVERY_STATES,
  type DeliveryDetailsOutput,
  type DeliveryOutput,
  type DeliveryState,
} from './deliveries.dto.js';
import {
  COLUMNS,
  CREATED_KEY,
  deliveryById,
  DeliveryReader,
  type DeliveryRow,
  shownDelivery,
} from './delivery.reader.js';

/** Filters of a list of deliveries; `since` and `until` are times of creation, in ISO 8601. */
export interface DeliveryFilters {
  state?: DeliveryState;
  event?: string;
  since?: string;
  until?: string;
}

/** A subscription's deliveries, the newest first. */
export class ListDeliveries extends query<
  { organizationId: string; subscriptionId: string; filters: DeliveryFilters; request: PageRequest },
  Page<DeliveryOutput>
>() {}

/** One delivery, with its payload and its attempts. Its id is the event's. */
export class GetDelivery extends query<
  { organizationId: string; subscriptionId: string; id: string; granted: readonly Scope[] },
  DeliveryDetailsOutput
>() {}

/** Makes a delivery due now, even if its subscription is paused; an ended delivery starts again. */
export class RetryDelivery extends command<
  { organizationId: string; subscriptionId: string; id: string },
  DeliveryOutput
>() {}

/** Cancels a pending delivery; one that is cancelled already stays so. An attempt under way continues. */
export class CancelDelivery extends command<
  { organizationId: string; subscriptionId: string; id: string },
  DeliveryOutput
>() {}

/** The order of a list of deliveries. */
export const NEWEST_FIRST = new Keyset<DeliveryRow & { created_key: string }>(
  [
    { name: 'd.created_at', type: 'timestamptz', of: ({ created_key }) => created_key },
    { name: 'd.position', type: 'bigint', of: ({ position }) => position },
  ],
  'DESC',
);
/** One index serves all filters, with a look-up for each state and each event that may be in the page. */
const LIST = {
  each: 'unnest($3::text[]) AS states(state) CROSS JOIN unnest($4::text[]) AS events(event_name)',
  text: `SELECT ${COLUMNS}, ${CREATED_KEY} FROM webhook_deliveries d
         WHERE d.organization_id = $1 AND d.subscription_id = $2 AND ${SUBSCRIPTION_EXISTS}
           AND d.state = states.state AND d.event_name = events.event_name
           AND d.created_at >= greatest($5, $7::timestamptz)
           AND d.created_at < least($6, $8::timestamptz + interval '1 microsecond')`,
  // The planner must see how few rows are wanted.
  replanned: true,
};

/**
 * Returns the query of {@link ListDeliveries}. The start of a page bounds the time as well: an index scan with two
 * bounds of one column might begin at the wider one.
 */
export function listDeliveries(
  organizationId: string,
  subscriptionId: string,
  filters: DeliveryFilters,
  cursor?: Cursor,
) {
  const { state, event, since = '-infinity', until = 'infinity' } = filters;
  const states = state ? [state] : DELIVERY_STATES;
  const events = event ? [event] : EVENT_NAMES;
  const from = cursor?.backward ? cursor.values[0] : '-infinity';
  const to = cursor && !cursor.backward ? cursor.values[0] : 'infinity';
  return { ...LIST, values: [organizationId, subscriptionId, states, events, since, until, from, to] };
}

@QueryHandler(ListDeliveries)
export class ListDeliveriesHandler implements IQueryHandler<ListDeliveries> {
  constructor(
    private readonly database: Database,
    private readonly subscriptions: SubscriptionReader,
  ) {}

  async execute({ organizationId, subscriptionId, filters, request }: ListDeliveries): Promise<Page<DeliveryOutput>> {
    const select = listDeliveries(organizationId, subscriptionId, filters, request.cursor);
    const page = await NEWEST_FIRST.read(this.database, organizationId, select, request);
    if (page.rows.length === 0) await this.subscriptions.mustExist(organizationId, subscriptionId);
    return { ...page, rows: page.rows.map(shownDelivery) };
  }
}

@QueryHandler(GetDelivery)
export class GetDeliveryHandler implements IQueryHandler<GetDelivery> {
  constructor(private readonly deliveries: DeliveryReader) {}

  execute({ organizationId, subscriptionId, id, granted }: GetDelivery): Promise<DeliveryDetailsOutput> {
    return this.deliveries.get(organizationId, subscriptionId, id, granted);
  }
}

@CommandHandler(RetryDelivery)
export class RetryDeliveryHandler implements ICommandHandler<RetryDelivery> {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryReader,
  ) {}

  async execute({ organizationId, subscriptionId, id }: RetryDelivery): Promise<DeliveryOutput> {
    const values = [organizationId, subscriptionId, id];
    const [row] = await this.database.query<DeliveryRow>(organizationId, { text: RETRY, values });
    if (row) return shownDelivery(row);
    await this.deliveries.get(organizationId, subscriptionId, id, []);
    const recover = `POST /v1/webhooks/${subscriptionId}/recover creates it again`;
    throw new DomainError('conflict', `The payload of delivery ${id} is no longer kept; ${recover}`);
  }
}

@CommandHandler(CancelDelivery)
export class CancelDeliveryHandler implements ICommandHandler<CancelDelivery> {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryReader,
  ) {}

  async execute({ organizationId, subscriptionId, id }: CancelDelivery): Promise<DeliveryOutput> {
    const [, found] = await this.database.transact(organizationId, [
      cancelDeliveries(organizationId, subscriptionId, [id], 'requested'),
      deliveryById(organizationId, subscriptionId, id),
    ]);
    const [row] = found?.rows as DeliveryRow[];
    const delivery = row ? shownDelivery(row) : await this.deliveries.get(organizationId, subscriptionId, id, []);
    if (delivery.state === 'cancelled') return delivery;
    const end = delivery.state === 'delivered' ? 'has been delivered' : 'was given up after its last attempt';
    throw new DomainError('conflict', `Delivery ${id} ${end}; only pending deliveries can be cancelled`);
  }
}

/** A due delivery keeps its place before those that became due later. A pause of the subscription ends. */
const RETRY = `
  WITH retried AS (
    UPDATE webhook_deliveries d
    SET state = 'pending', finished_at = NULL, cancel_reason = NULL,
      attempts = CASE WHEN d.state = 'pending' THEN d.attempts ELSE 0 END,
      next_attempt_at = CASE WHEN s.ordering = 'fifo' THEN '-infinity'
        WHEN d.state = 'pending' THEN least(d.next_attempt_at, now()) ELSE now() END
    FROM webhook_subscriptions s
    WHERE d.organization_id = $1 AND d.subscription_id = $2 AND d.event_id = $3
      AND s.organization_id = d.organization_id AND s.id = d.subscription_id
      AND EXISTS (SELECT FROM webhook_messages m WHERE m.organization_id = d.organization_id AND m.event_id = d.event_id)
    RETURNING d.*
  ), resumed AS (
    UPDATE webhook_health h SET paused_until = '-infinity' FROM retried r
    WHERE h.organization_id = r.organization_id AND h.subscription_id = r.subscription_id
  )
  SELECT ${COLUMNS} FROM retried d`;
