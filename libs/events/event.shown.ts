import { type EventCodec, type EventRow } from '#libs/event-store/event-codec.js';
import { type Scope } from '#libs/platform/scopes.js';
import { showsPersonal } from '#libs/resources/scopes.js';

/** An event as the API shows it. */
export interface ShownEvent {
  id: string;
  type: string;
  stream: string;
  version: number;
  recordedAt: string;
  actorId: string;
  tokenId?: string;
  requestId?: string;
  data: object;
  redacted?: true;
  opaque?: true;
}

/** Returns an event as the API shows it. @param scopes the scopes of the reader's token */
export function shownEvent(codec: EventCodec, row: EventRow, scopes: readonly Scope[]): ShownEvent {
  const [category] = row.stream.split('-', 1) as [string];
  const event = codec.disclose(row, showsPersonal(scopes, category));
  const { actorId, tokenId, requestId } = event.metadata;
  return {
    id: event.eventId,
    type: event.type,
    stream: event.stream,
    version: event.version,
    recordedAt: event.recordedAt.toISOString(),
    actorId,
    ...(tokenId !== undefined && { tokenId }),
    ...(requestId !== undefined && { requestId }),
    data: event.data,
    ...(event.redacted && { redacted: true }),
    ...(event.opaque && { opaque: true }),
  };
}
