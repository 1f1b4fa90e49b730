import { EVENT_KEYS, type EventCodec, type EventRow } from '#libs/event-store/event-codec.js';
import { type Scope } from '#libs/platform/scopes.js';
import { showsPersonal } from '#libs/resources/scopes.js';
import { type HistoryEventOutput } from './history.dto.js';

/** An event with the names of the agent and the token that caused it. */
export interface HistoryRow extends EventRow {
  actor_name: string | null;
  token_name: string | null;
}

/**
 * Selects events `e` as {@link HistoryRow}s; append a condition. The names are looked up only for the returned rows.
 */
export const SELECT_HISTORY = `SELECT e.*, ${EVENT_KEYS},
    (SELECT a.display_name FROM agents a
      WHERE a.organization_id = e.organization_id AND a.id = (e.metadata->>'actorId')::uuid) AS actor_name,
    (SELECT t.name FROM api_tokens t
      WHERE t.organization_id = e.organization_id AND t.id = (e.metadata->>'tokenId')::uuid) AS token_name
  FROM events e WHERE`;

/**
 * Returns an event as histories show it: secrets are masked, and destroyed personal data is absent.
 * @param granted the scopes of the reader's token: the actor's name requires that of reading agents
 */
export function shownEvent(codec: EventCodec, row: HistoryRow, granted: readonly Scope[]): HistoryEventOutput {
  const { eventId, type, version, recordedAt, metadata, data, redacted, opaque } = codec.disclose(row, true);
  const { actorId, tokenId, requestId } = metadata;
  const isNamed = row.actor_name !== null && showsPersonal(granted, 'agent');
  return {
    id: eventId,
    type,
    version,
    recordedAt: recordedAt.toISOString(),
    actor: { id: actorId, ...(isNamed && { name: row.actor_name as string }) },
    ...(tokenId && { token: { id: tokenId, ...(row.token_name !== null && { name: row.token_name }) } }),
    ...(requestId && { requestId }),
    data: data as Record<string, unknown>,
    ...(redacted && { redacted }),
    ...(opaque && { opaque }),
  };
}
