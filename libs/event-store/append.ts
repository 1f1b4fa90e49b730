import { randomUUIDv7 } from 'node:crypto';
import { type Statement } from '#libs/database/batch.js';
import { currentTraceparent } from '#libs/platform/tracing.js';
import { appendStatement, deleteEventKey, deleteKeys, insertEventKey, insertKey } from './append-statements.js';
import { type EventCodec } from './event-codec.js';
import { type EventMetadata, type RecordedEvent, type WriteContext } from './event.js';
import { changesOfTables } from './read-tables.js';
import { deleteSnapshots, snapshotsOf } from './snapshots.js';
import { type Staged } from './staged.js';
import { evolved, streamName } from './stream-definition.js';

/** The events and statements of a change to one stream. */
export interface Append {
  events: RecordedEvent[];
  /** Statements on events, keys and snapshots. */
  inserts: Statement[];
  /** Statements on the stream's read tables. */
  projected: Statement[];
}

/** Returns the statements of a change, and the events as they will be recorded. */
export function appendOf(
  codec: EventCodec,
  { definition, id, loaded, events }: Staged,
  context: WriteContext,
  recordedAt: Date,
): Append {
  const { organizationId } = context;
  const metadata = metadataOf(context);
  const stream = streamName(definition, id);
  const first = loaded.version === 0 && definition.personal !== undefined;
  const sealedKey = first ? codec.createKey(organizationId, stream) : loaded.sealedKey;
  const appends = events.map(
    ({ type, data, eventId = idOf(definition.ownKeys, type, data) ?? randomUUIDv7() }, index) => {
      const version = loaded.version + index + 1;
      const event = { organizationId, stream, version, eventId, type, data, sealed: {}, metadata, recordedAt };
      const encoded = codec.encode(event, sealedKey);
      return { event: { ...event, sealed: encoded.sealed }, encoded };
    },
  );
  const recorded: RecordedEvent[] = appends.map(({ event }) => event);
  const forgets = events.some(({ type }) => type === definition.forgetsWith);
  const state = evolved(definition, loaded.state, events, { recordedAt, metadata }) as unknown;
  const after = { state, version: loaded.version + events.length, recordedAt, sealedKey };
  return {
    events: recorded,
    inserts: [
      ...appends.map(({ event, encoded }, index) => appendStatement(event, encoded, index === 0)),
      ...(first && sealedKey ? [insertKey(organizationId, stream, sealedKey)] : []),
      ...appends.flatMap(({ event, encoded }) => (encoded.eventKey ? [insertEventKey(event, encoded.eventKey)] : [])),
      ...recorded.flatMap(({ type, data }) => {
        const forgotten = idOf(definition.forgetsOne, type, data);
        return forgotten === undefined ? [] : [deleteEventKey(organizationId, stream, forgotten)];
      }),
      ...(forgets
        ? [...deleteKeys(organizationId, stream), deleteSnapshots(organizationId, stream)]
        : snapshotsOf(codec, definition, { organizationId, stream }, loaded.version, after)),
    ],
    projected: changesOfTables(definition, recorded, loaded, after),
  };
}

/** Returns the id in the field of an event's data that fields by event type name. */
function idOf(fields: Partial<Record<string, string>> | undefined, type: string, data: object): string | undefined {
  const field = fields?.[type];
  return field === undefined ? undefined : (data as Record<string, string>)[field];
}

/** Returns the metadata about the writer. */
function metadataOf({ organizationId, observer, ...metadata }: WriteContext): EventMetadata {
  const traceparent = currentTraceparent();
  return traceparent === undefined ? metadata : { ...metadata, traceparent };
}
