import { type Statement } from '#libs/database/batch.js';
import { type EncodedEvent } from './event-codec.js';
import { type RecordedEvent } from './event.js';

/**
 * Returns SQL that draws a position after taking the lock that `feed_horizon()` looks for in its partition.
 * @param organization SQL for the organization
 */
const positionFor = (organization: string) => `CASE
  WHEN pg_advisory_xact_lock_shared(position_lock(partition_of(${organization}), pg_sequence_last_value('event_position')))
    IS NULL THEN NULL
  ELSE nextval('event_position') END`;
const POSITION = positionFor('$1');
const INSERT_EVENT = `INSERT INTO events
  (organization_id, stream, version, event_id, type, schema_version, data, metadata, recorded_at, position)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, `;
/** Inserts a stream's first event. The primary key ensures that its version is free. */
const INSERT_FIRST = `${INSERT_EVENT} ${POSITION})`;
const INSERT_NEXT = `${INSERT_EVENT} CASE
    WHEN EXISTS (SELECT FROM events WHERE organization_id = $1 AND stream = $2 AND version = $3 - 1) THEN ${POSITION}
    ELSE version_conflict($2, $3 - 1) END)`;

const INSERT_MANY = `INSERT INTO events
  (organization_id, stream, version, event_id, type, schema_version, data, metadata, recorded_at, position)
  SELECT organization_id, stream, version, event_id, type, schema_version, data, metadata, recorded_at, CASE
    WHEN before IS NULL OR EXISTS (SELECT FROM events e
      WHERE e.organization_id = n.organization_id AND e.stream = n.stream AND e.version = n.before) THEN ${positionFor('n.organization_id')}
    ELSE version_conflict(stream, before) END
  FROM json_to_recordset($1) AS n(organization_id uuid, stream text, version integer, event_id uuid, type text,
    schema_version smallint, data jsonb, metadata jsonb, recorded_at timestamptz, before integer)`;
const INSERT_KEYS = `INSERT INTO stream_keys (organization_id, stream, sealed_key)
  SELECT * FROM json_to_recordset($1) AS n(organization_id uuid, stream text, sealed_key text)`;

const INSERT_EVENT_KEYS = `INSERT INTO event_keys (organization_id, stream, event_id, event_key)
  SELECT * FROM json_to_recordset($1) AS n(organization_id uuid, stream text, event_id uuid, event_key text)`;

/**
 * Returns a statement that stores an event as its stream's next: the version before must exist, its own must not.
 * @param isFirst whether it is the first event of its stream in this transaction
 */
export function appendStatement(
  event: RecordedEvent,
  { schemaVersion, data }: EncodedEvent,
  isFirst = true,
): Statement {
  const record = () => ({
    organization_id: event.organizationId,
    stream: event.stream,
    version: event.version,
    event_id: event.eventId,
    type: event.type,
    schema_version: schemaVersion,
    data,
    metadata: event.metadata,
    recorded_at: event.recordedAt,
    before: isFirst && event.version > 1 ? event.version - 1 : null,
  });
  return {
    many: { text: INSERT_MANY, records: () => [JSON.stringify(record())] },
    text: event.version === 1 ? INSERT_FIRST : INSERT_NEXT,
    values: [
      event.organizationId,
      event.stream,
      event.version,
      event.eventId,
      event.type,
      schemaVersion,
      JSON.stringify(data),
      JSON.stringify(event.metadata),
      event.recordedAt,
    ],
  };
}

/** Returns a statement that stores the key of a stream's personal data. */
export function insertKey(organizationId: string, stream: string, sealedKey: string): Statement {
  return {
    text: 'INSERT INTO stream_keys (organization_id, stream, sealed_key) VALUES ($1, $2, $3)',
    values: [organizationId, stream, sealedKey],
    many: {
      text: INSERT_KEYS,
      records: () => [JSON.stringify({ organization_id: organizationId, stream, sealed_key: sealedKey })],
    },
  };
}

/** Returns a statement that stores an event's own key. */
export function insertEventKey({ organizationId, stream, eventId }: RecordedEvent, eventKey: string): Statement {
  return {
    text: 'INSERT INTO event_keys (organization_id, stream, event_id, event_key) VALUES ($1, $2, $3, $4)',
    values: [organizationId, stream, eventId, eventKey],
    many: {
      text: INSERT_EVENT_KEYS,
      records: () => [
        JSON.stringify({ organization_id: organizationId, stream, event_id: eventId, event_key: eventKey }),
      ],
    },
  };
}

/** Returns a statement that destroys an event's own key. */
export function deleteEventKey(organizationId: string, stream: string, eventId: string): Statement {
  return {
    text: 'DELETE FROM event_keys WHERE organization_id = $1 AND stream = $2 AND event_id = $3',
    values: [organizationId, stream, eventId],
  };
}

/** Returns statements that destroy all keys of a stream: what they sealed is unreadable from then on. */
export function deleteKeys(organizationId: string, stream: string): Statement[] {
  return ['stream_keys', 'event_keys'].map((table) => ({
    text: `DELETE FROM ${table} WHERE organization_id = $1 AND stream = $2`,
    values: [organizationId, stream],
  }));
}
