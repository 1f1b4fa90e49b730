import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '#libs/database/database.js';
import { type Cursor, Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { query } from '#libs/platform/messages.js';
import { EVENT_NAMES } from '../catalogue/catalogue.published.js';
import { type AnyDeliveryOutput, DELIVERY_STATES, type DeliveryState } from './deliveries.dto.js';
import { COLUMNS, CREATED_KEY, type DeliveryRow, shownDelivery } from './delivery.reader.js';

/** Filters of the list. */
export interface AllDeliveriesFilters {
  state?: DeliveryState;
  subscriptionId?: string;
}

/** The deliveries of all subscriptions of an organization, the newest first. */
export class ListAllDeliveries extends query<
  { organizationId: string; filters: AllDeliveriesFilters; request: PageRequest },
  Page<AnyDeliveryOutput>
>() {}

type Row = DeliveryRow & { created_key: string; subscription_id: string };

/** An event has one position, and a delivery to each of several subscriptions. */
export const NEWEST_OF_ALL = new Keyset<Row>(
  [
    { name: 'd.created_at', type: 'timestamptz', of: ({ created_key }) => created_key },
    { name: 'd.position', type: 'bigint', of: ({ position }) => position },
    { name: 'd.subscription_id', type: 'uuid', of: ({ subscription_id }) => subscription_id },
  ],
  'DESC',
);

/** The start of a page bounds the time as well: see `listDeliveries`. */
const FROM = `SELECT ${COLUMNS}, ${CREATED_KEY}, d.subscription_id FROM webhook_deliveries d
  WHERE d.organization_id = $1 AND d.state = states.state
    AND d.created_at >= $2::timestamptz AND d.created_at < $3::timestamptz + interval '1 microsecond'`;
const STATES = 'unnest($4::text[]) AS states(state)';

/** Returns the query of {@link ListAllDeliveries}: each filter has an index that begins with it. */
export function listAllDeliveries(
  organizationId: string,
  { state, subscriptionId }: AllDeliveriesFilters,
  cursor?: Cursor,
) {
  const states = state ? [state] : DELIVERY_STATES;
  const from = cursor?.backward ? cursor.values[0] : '-infinity';
  const to = cursor && !cursor.backward ? cursor.values[0] : 'infinity';
  const values = [organizationId, from, to, states];
  // The planner must see how few rows are wanted.
  if (subscriptionId === undefined) return { each: STATES, text: FROM, values, replanned: true };
  return {
    each: `${STATES} CROSS JOIN unnest($5::text[]) AS events(event_name)`,
    text: `${FROM} AND d.event_name = events.event_name AND d.subscription_id = $6`,
    values: [...values, EVENT_NAMES, subscriptionId],
    replanned: true,
  };
}

@QueryHandler(ListAllDeliveries)
export class ListAllDeliveriesHandler implements IQueryHandler<ListAllDeliveries> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId, filters, request }: ListAllDeliveries): Promise<Page<AnyDeliveryOutput>> {
    const select = listAllDeliveries(organizationId, filters, request.cursor);
    const page = await NEWEST_OF_ALL.read(this.database, organizationId, select, request);
    return {
      ...page,
      rows: page.rows.map((row) => ({ subscriptionId: row.subscription_id, ...shownDelivery(row) })),
    };
  }
}
