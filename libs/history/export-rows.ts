import { type AnonymizedEntity } from '#libs/anonymization/anonymization.rules.js';
import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type EventCodec } from '#libs/event-store/event-codec.js';
import { type Scope } from '#libs/platform/scopes.js';
import { type ExportedDelivery, type ExportedEvent, type ExportedRequest } from './export.dto.js';
import { type HistoryRow, SELECT_HISTORY, shownEvent } from './history-rows.js';

interface DeliveryRow {
  event_id: string;
  subscription_id: string;
  subscription_name: string | null;
  state: ExportedDelivery['state'];
  created_at: Date;
  finished_at: Date | null;
}

interface RequestRow {
  stream: string;
  id: string;
  entity: AnonymizedEntity;
  initiated_at: Date;
  requested_by: string;
  processed_at: Date | null;
}

/** Number of events in memory at once: a message may have some 100 KB. */
const EVENTS_AT_ONCE = 10;

/**
 * Yields an entity's events with their deliveries, oldest first. They are read as the consumer takes them, a few in
 * each round trip.
 * @param granted the scopes of the reader's token
 */
export async function* eventsInFull(
  database: Database,
  codec: EventCodec,
  organizationId: string,
  stream: string,
  granted: readonly Scope[],
): AsyncGenerator<ExportedEvent> {
  for (let after = 0; ; after += EVENTS_AT_ONCE) {
    const range = [organizationId, stream, after, after + EVENTS_AT_ONCE];
    const results = await database.transact(organizationId, [
      { text: `${SELECT_HISTORY} ${IN_RANGE} ORDER BY e.version`, values: range },
      { text: DELIVERIES, values: range },
    ]);
    const [events, delivered] = results.map(({ rows }) => rows) as [HistoryRow[], DeliveryRow[]];
    const byEvent = Map.groupBy(delivered, ({ event_id }) => event_id);
    for (const row of events) {
      const deliveries = (byEvent.get(row.event_id) ?? []).map(shownDelivery);
      yield Object.assign(shownEvent(codec, row, granted), { deliveries });
    }
    if (events.length < EVENTS_AT_ONCE) return;
  }
}

/** Returns the requests to anonymize these entities, by stream. */
export async function readRequests(
  database: Database,
  organizationId: string,
  streams: string[],
): Promise<Map<string, ExportedRequest[]>> {
  const rows = await database.query<RequestRow>(organizationId, requestsOf(organizationId, streams));
  const byStream = Map.groupBy(rows, ({ stream }) => stream);
  return new Map(streams.map((stream) => [stream, (byStream.get(stream) ?? []).map(shownRequest)]));
}

/** A range of versions, which have no gaps. */
const IN_RANGE = 'e.organization_id = $1 AND e.stream = $2 AND e.version > $3 AND e.version <= $4';

const DELIVERIES = `SELECT d.event_id, d.subscription_id, s.name AS subscription_name, d.state, d.created_at, d.finished_at
  FROM events e
  JOIN webhook_deliveries d ON d.organization_id = e.organization_id AND d.event_id = e.event_id
  LEFT JOIN webhook_subscriptions s ON s.organization_id = d.organization_id AND s.id = d.subscription_id
  WHERE ${IN_RANGE} ORDER BY d.created_at, d.subscription_id`;

const REQUESTING = [
  'EndUserAnonymizationRequested',
  'ConversationAnonymizationRequested',
  'ConversationMessageAnonymized',
];

/** The events of the streams contain the ids of their requests. */
function requestsOf(organizationId: string, streams: string[]): Statement {
  return {
    text: `SELECT e.stream, r.id, r.entity, r.initiated_at, r.requested_by, r.processed_at
           FROM events e
           JOIN anonymization_requests r ON r.organization_id = e.organization_id AND r.id = (e.data->>'requestId')::uuid
           WHERE e.organization_id = $1 AND e.stream = ANY($2) AND e.type = ANY($3) ORDER BY r.initiated_at, r.id`,
    values: [organizationId, streams, REQUESTING],
  };
}

function shownDelivery(row: DeliveryRow): ExportedDelivery {
  return {
    subscriptionId: row.subscription_id,
    ...(row.subscription_name !== null && { subscriptionName: row.subscription_name }),
    state: row.state,
    createdAt: row.created_at.toISOString(),
    ...(row.finished_at && { finishedAt: row.finished_at.toISOString() }),
  };
}

function shownRequest({ id, entity, initiated_at, requested_by, processed_at }: RequestRow): ExportedRequest {
  return {
    id,
    entity,
    initiatedAt: initiated_at.toISOString(),
    requestedBy: requested_by,
    ...(processed_at && { processedAt: processed_at.toISOString() }),
  };
}
