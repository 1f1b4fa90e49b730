import { type AnonymizedEntity } from '#libs/anonymization/anonymization.js';
import { type EventCodec } from '#libs/event-store/event-codec.js';
import { type Statement } from '#libs/platform/batch.js';
import { type Database } from '#libs/platform/database.js';
import { type Scope } from '#libs/platform/scopes.js';
import { type ExportedDelivery, type ExportedEvent, type ExportedRequest } from './export.dto.js';
import { type HistoryRow, SELECT_HISTORY, shownEvent } from './history-rows.js';

/** What is held of an entity besides the entity itself. */
export interface Dossier {
  /** Oldest first. */
  history: ExportedEvent[];
  anonymizationRequests: ExportedRequest[];
}

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

/** Reads the dossiers of some streams, in one round trip; by stream. @param granted what the reader's token may do */
export async function readDossiers(
  database: Database,
  codec: EventCodec,
  organizationId: string,
  streams: string[],
  granted: readonly Scope[],
): Promise<Map<string, Dossier>> {
  const results = await database.transact(organizationId, [
    eventsOf(organizationId, streams),
    deliveriesOf(organizationId, streams),
    requestsOf(organizationId, streams),
  ]);
  const [events, deliveries, requests] = results.map(({ rows }) => rows as unknown[]);
  const eventsByStream = Map.groupBy(events as HistoryRow[], ({ stream }) => stream);
  const deliveriesByEvent = Map.groupBy(deliveries as DeliveryRow[], ({ event_id }) => event_id);
  const requestsByStream = Map.groupBy(requests as RequestRow[], ({ stream }) => stream);
  const dossierOf = (stream: string): Dossier => ({
    history: (eventsByStream.get(stream) ?? []).map((row) => {
      const deliveries = (deliveriesByEvent.get(row.event_id) ?? []).map(shownDelivery);
      return Object.assign(shownEvent(codec, row, granted), { deliveries });
    }),
    anonymizationRequests: (requestsByStream.get(stream) ?? []).map(shownRequest),
  });
  return new Map(streams.map((stream) => [stream, dossierOf(stream)]));
}

const IN_STREAMS = 'e.organization_id = $1 AND e.stream = ANY($2)';

function eventsOf(organizationId: string, streams: string[]): Statement {
  return {
    text: `${SELECT_HISTORY} ${IN_STREAMS} ORDER BY e.stream, e.version`,
    values: [organizationId, streams],
  };
}

function deliveriesOf(organizationId: string, streams: string[]): Statement {
  return {
    text: `SELECT d.event_id, d.subscription_id, s.name AS subscription_name, d.state, d.created_at, d.finished_at
           FROM events e
           JOIN webhook_deliveries d ON d.organization_id = e.organization_id AND d.event_id = e.event_id
           LEFT JOIN webhook_subscriptions s ON s.organization_id = d.organization_id AND s.id = d.subscription_id
           WHERE ${IN_STREAMS} ORDER BY d.created_at, d.subscription_id`,
    values: [organizationId, streams],
  };
}

/** Events name the requests that they are of. */
function requestsOf(organizationId: string, streams: string[]): Statement {
  return {
    text: `SELECT e.stream, r.id, r.entity, r.initiated_at, r.requested_by, r.processed_at
           FROM events e
           JOIN anonymization_requests r ON r.organization_id = e.organization_id AND r.id = (e.data->>'requestId')::uuid
           WHERE ${IN_STREAMS} AND e.type = ANY($3) ORDER BY r.initiated_at, r.id`,
    values: [organizationId, streams, ['EndUserAnonymizationRequested', 'ConversationAnonymizationRequested']],
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
    ...{ id, entity, initiatedAt: initiated_at.toISOString(), requestedBy: requested_by },
    ...(processed_at && { processedAt: processed_at.toISOString() }),
  };
}
