import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '#libs/database/database.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { query } from '#libs/platform/messages.js';
import { type Scope } from '#libs/platform/scopes.js';
import { EVENT_NAMES, faultOfEventName } from '../catalogue/catalogue.published.js';
import { type Outcome } from '../delivery/sending/attempt.js';
import { SubscriptionReader } from '../subscriptions/subscription.reader.js';
import { type EventDeliveryLog, type EventDeliveryStatus } from './delivery-logs.dto.js';
import { ShownPayload } from './payload-and-response.shown.js';

/** The result of the last delivery for each subscribed event. */
export class GetDeliveryStatus extends query<
  { organizationId: string; subscriptionId: string; granted: readonly Scope[] },
  EventDeliveryStatus[]
>() {}

/** The latest attempts for one event, newest first, with their payloads. */
export class GetDeliveryLogs extends query<
  { organizationId: string; subscriptionId: string; event: string; granted: readonly Scope[] },
  EventDeliveryLog[]
>() {}

interface AttemptRow {
  event_name: string;
  started_at: Date | null;
  outcome: Outcome;
  response_code: number | null;
  response_text: string;
  body: string;
}

const MAX_LOGS = 100;

@QueryHandler(GetDeliveryStatus)
export class GetDeliveryStatusHandler implements IQueryHandler<GetDeliveryStatus> {
  constructor(
    private readonly database: Database,
    private readonly reader: SubscriptionReader,
  ) {}

  async execute({ organizationId, subscriptionId, granted }: GetDeliveryStatus): Promise<EventDeliveryStatus[]> {
    const { events } = await this.reader.row(organizationId, subscriptionId);
    const rows = await this.database.query<AttemptRow>(organizationId, {
      text: `SELECT e.event_name, a.* FROM unnest($3::text[]) AS e(event_name) LEFT JOIN LATERAL (
               SELECT started_at, outcome, response_code, response_text FROM webhook_attempts
               WHERE organization_id = $1 AND subscription_id = $2 AND event_name = e.event_name
               ORDER BY started_at DESC LIMIT 1) a ON true`,
      values: [organizationId, subscriptionId, events],
    });
    return rows.map((row) => ({
      event: row.event_name,
      deliveryStatus: row.started_at
        ? detailOf(row, new ShownPayload(row.event_name, granted))
        : { _type: 'NoRecentDelivery' },
    }));
  }
}

@QueryHandler(GetDeliveryLogs)
export class GetDeliveryLogsHandler implements IQueryHandler<GetDeliveryLogs> {
  constructor(
    private readonly database: Database,
    private readonly reader: SubscriptionReader,
  ) {}

  async execute({ organizationId, subscriptionId, event, granted }: GetDeliveryLogs): Promise<EventDeliveryLog[]> {
    if (!(EVENT_NAMES as string[]).includes(event)) {
      throw new DomainError('invalid', `Invalid value for: path parameter event (${faultOfEventName(event)})`);
    }
    await this.reader.mustExist(organizationId, subscriptionId);
    const rows = await this.database.query<AttemptRow>(organizationId, {
      text: `SELECT a.started_at, a.outcome, a.response_code, a.response_text, coalesce(m.body, '') AS body
             FROM webhook_attempts a LEFT JOIN webhook_messages m USING (organization_id, event_id)
             WHERE a.organization_id = $1 AND a.subscription_id = $2 AND a.event_name = $3
             ORDER BY a.started_at DESC LIMIT $4`,
      values: [organizationId, subscriptionId, event, MAX_LOGS],
    });
    const shown = new ShownPayload(event, granted);
    return rows.map((row) => ({ deliveryDetail: detailOf(row, shown), payload: shown.payload(row.body) }));
  }
}

function detailOf({ started_at, outcome, response_code, response_text }: AttemptRow, shown: ShownPayload) {
  return {
    _type: 'DeliveryDetail' as const,
    deliveryTimestamp: (started_at as Date).toISOString(),
    success: outcome === 'delivered',
    responseCode: response_code ?? 0,
    responseText: shown.responseText(response_text, response_code),
  };
}
