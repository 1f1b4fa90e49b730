import { type Database } from '#libs/database/database.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from '#libs/event-store/event-codec.js';
import { Payloads } from '../delivery/relaying/payloads.js';

const PAGE = 200;
/** Body of an event that the catalogue no longer has. */
const NOTHING_LEFT = '{}';

/**
 * Rebuilds the payloads of some streams' events from the events as they are now, and deletes receivers' answers: once
 * the streams' keys are destroyed, no personal data is left in either. Repeating it changes nothing.
 * @param database as the worker sees it
 * @param events the streams' events to redact; all unless given
 */
export async function redactDeliveries(
  database: Database,
  codec: EventCodec,
  organizationId: string,
  streams: string[],
  events?: string[],
): Promise<void> {
  const payloads = new Payloads(database, codec);
  for (;;) {
    const rows = await database.query<EventRow & { organization_name: string }>(null, {
      text: `SELECT k.*, o.name AS organization_name FROM (SELECT * FROM ${KEYED_EVENTS}) k
               JOIN webhook_messages m USING (organization_id, event_id) JOIN organizations o USING (organization_id)
             WHERE k.organization_id = $1 AND k.stream = ANY($2) AND ($3::uuid[] IS NULL OR k.event_id = ANY($3))
               AND m.redacted_at IS NULL
             ORDER BY k.stream, k.version LIMIT ${PAGE}`,
      values: [organizationId, streams, events],
    });
    const [first] = rows;
    if (!first) break;
    const published = await payloads.published(rows.map((row) => codec.decode(row)));
    // Without end users: the rows that they are read from may not be scrubbed yet.
    const related = await payloads.related(published, ['endUserIds']);
    const made = new Map(published.map((item) => [item.event.eventId, item]));
    const bodies = rows.map(({ event_id: id }) => {
      const item = made.get(id);
      return { id, body: item ? payloads.body(item, first.organization_name, related) : NOTHING_LEFT };
    });
    await database.write(null, [
      // Waits for processes that record attempts; later ones see that they are redacted.
      { text: 'SELECT take_redaction_lock($1)', values: [organizationId] },
      {
        text: `UPDATE webhook_messages m SET body = b.body, redacted_at = now()
               FROM jsonb_to_recordset($2) AS b(id uuid, body text) WHERE organization_id = $1 AND event_id = b.id`,
        values: [organizationId, JSON.stringify(bodies)],
      },
      {
        text: `UPDATE webhook_attempts SET response_text = '' WHERE organization_id = $1 AND event_id = ANY($2)`,
        values: [organizationId, bodies.map(({ id }) => id)],
      },
    ]);
  }
  // Answers may outlive their payloads.
  await database.write(null, [
    { text: 'SELECT take_redaction_lock($1)', values: [organizationId] },
    {
      text: `UPDATE webhook_attempts a SET response_text = '' FROM events e
             WHERE e.organization_id = $1 AND e.stream = ANY($2) AND ($3::uuid[] IS NULL OR e.event_id = ANY($3))
               AND a.organization_id = e.organization_id
               AND a.event_id = e.event_id AND a.response_text <> ''`,
      values: [organizationId, streams, events],
    },
  ]);
}

/** Returns whether all events of a stream have become deliveries, so that none will be made of them later. */
export async function deliveriesAreUpToDate(
  database: Database,
  organizationId: string,
  stream: string,
): Promise<boolean> {
  const [row] = await database.query<{ done: boolean }>(null, {
    text: `SELECT coalesce((SELECT position FROM checkpoints WHERE consumer = $3 || '/' || partition_of($1)), 0) >= coalesce(max(position), 0) AS done
           FROM events WHERE organization_id = $1 AND stream = $2`,
    values: [organizationId, stream, RELAY_CONSUMER],
  });
  return row?.done ?? false;
}

/** Name of the checkpoints of deliveries in the partitions of the feed. */
export const RELAY_CONSUMER = 'webhooks';
