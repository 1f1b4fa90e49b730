import { type Statement } from '#libs/database/batch.js';
import { type DrainTarget } from '../draining/drain-statements.js';

/** A message and the subscriptions that it is for. */
export interface Fanout {
  organizationId: string;
  eventId: string;
  eventName: string;
  /** The event's position in the feed. */
  position: number;
  body: string;
  /** The span that its attempts belong to (W3C), if there is one. */
  traceparent?: string;
  receivers: { id: string; fifo: boolean }[];
}

/** Returns statements that store messages and their deliveries. Storing them again changes nothing. */
export function storeFanouts(fanouts: Fanout[]): Statement[] {
  return [
    storeMessages(fanouts),
    {
      text: `INSERT INTO webhook_deliveries
               (organization_id, subscription_id, event_id, event_name, position, next_attempt_at) ${SELECT_DELIVERIES}
             ON CONFLICT DO NOTHING`,
      values: [deliveriesOf(fanouts)],
    },
  ];
}

/** Returns a statement that stores a body for each event, for all its receivers. Existing ones stay. */
export function storeMessages(fanouts: Fanout[]): Statement {
  const messages = fanouts.map(({ organizationId, eventId, eventName, body, traceparent }) => ({
    organization_id: organizationId,
    event_id: eventId,
    event_name: eventName,
    body,
    traceparent,
  }));
  return {
    text: `INSERT INTO webhook_messages (organization_id, event_id, event_name, body, traceparent)
           SELECT * FROM jsonb_to_recordset($1) AS m(organization_id uuid, event_id uuid, event_name text, body text,
             traceparent text)
           ON CONFLICT DO NOTHING`,
    values: [JSON.stringify(messages)],
  };
}

/** SQL for new deliveries, as a JSON array in `$1`. In fifo order, their turn is their position alone. */
export const SELECT_DELIVERIES = `
  SELECT organization_id, subscription_id, event_id, event_name, position,
    CASE WHEN fifo THEN '-infinity' ELSE now() END
  FROM jsonb_to_recordset($1) AS d(organization_id uuid, subscription_id uuid, event_id uuid, event_name text,
    position bigint, fifo boolean)`;

/** Returns `$1` of {@link SELECT_DELIVERIES}. */
export function deliveriesOf(fanouts: Fanout[]): string {
  const rows = fanouts.flatMap(({ organizationId, eventId, eventName, position, receivers }) =>
    receivers.map(({ id, fifo }) => ({
      organization_id: organizationId,
      event_id: eventId,
      event_name: eventName,
      position,
      subscription_id: id,
      fifo,
    })),
  );
  return JSON.stringify(rows);
}

/** Returns a statement that makes subscriptions known to {@link DrainClaims}. */
export function enroll(targets: DrainTarget[]): Statement {
  return {
    text: `INSERT INTO webhook_health (organization_id, subscription_id)
             SELECT "organizationId", "subscriptionId"
             FROM jsonb_to_recordset($1) AS t("organizationId" uuid, "subscriptionId" uuid)
             ON CONFLICT DO NOTHING`,
    values: [JSON.stringify(targets)],
  };
}
