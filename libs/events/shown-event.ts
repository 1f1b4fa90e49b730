import { type EventCodec, type EventRow } from '#libs/event-store/event-codec.js';
import { grants, type Scope } from '#libs/platform/scopes.js';

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
}

/** Who may read the personal data of streams of a kind. */
const PERSONAL_SCOPES: Record<string, Scope> = {
  conversation: 'conversations:read',
  endUser: 'endusers:read',
};

/** @param scopes what the reader's token may do */
export function shownEvent(codec: EventCodec, row: EventRow, scopes: readonly Scope[]): ShownEvent {
  const [category] = row.stream.split('-', 1) as [string];
  const event = codec.disclose(row, grants(scopes, PERSONAL_SCOPES[category] ?? 'admin'));
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
  };
}
