import { type Database } from '#libs/database/database.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from '#libs/event-store/event-codec.js';
import { Payloads } from '../delivery/relaying/payloads.js';

const PAGE = 200;
/** Of an event that the catalogue does not have any more. */
const NOTHING_LEFT = '{}';

/**
 * Makes what deliveries keep of some streams' events anew from the events as they are now, and forgets what receivers
 * answered: once the streams' keys are destroyed, no personal data is left in either. Doing it again changes nothing.
 * @param database as the worker sees it
 */
export async function redactDeliveries(
  database: Database,
  codec: EventCodec,
  organizationId: string,
  streams: string[],
): Promise<void> {
  const payloads = new Payloads(database, codec);
  for (;;) {
    const rows = await database.query<EventRow & { organization_name: string }>(null, {
      text: `SELECT k.*, o.name AS organization_name FROM (SELECT * FROM ${KEYED_EVENTS}) k
               JOIN webhook_messages m USING (organization_id, event_id) JOIN organizations o USING (organization_id)
             WHERE k.organization_id = $1 AND k.stream = ANY($2) AND m.redacted_at IS NULL
             ORDER BY k.stream, k.version LIMIT ${PAGE}`,
      values: [organizationId, streams],
    });
    const [first] = rows;
    if (!first) break;
    const published = await payloads.published(rows.map((row) => codec.decode(row)));
    // Without people, whoever they are: the rows that they are read from may not be scrubbed yet.
    const related = await payloads.related(published, ['endUserIds']);
    const made = new Map(published.map((item) => [item.event.eventId, item]));
    const bodies = rows.map(({ event_id: id }) => {
      const item = made.get(id);
      return { id, body: item ? payloads.body(item, first.organization_name, related) : NOTHING_LEFT };
    });
    await database.write(null, [
      // Whoever is recording attempts is waited for, and whoever comes later sees that they are redacted.
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
  // Answers outlive the payloads that they were to.
  await database.write(null, [
    { text: 'SELECT take_redaction_lock($1)', values: [organizationId] },
    {
      text: `UPDATE webhook_attempts a SET response_text = '' FROM events e
             WHERE e.organization_id = $1 AND e.stream = ANY($2) AND a.organization_id = e.organization_id
               AND a.event_id = e.event_id AND a.response_text <> ''`,
      values: [organizationId, streams],
    },
  ]);
}

/** Whether all events of some streams have become deliveries, from the events as they were: none will any more. */
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

/** How far the deliveries have come in each partition of the feed is kept under this name. */
export const RELAY_CONSUMER = 'webhooks';
