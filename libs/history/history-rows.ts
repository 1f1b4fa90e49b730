import { type EventCodec, type EventRow, SEALED_KEY } from '#libs/event-store/event-codec.js';
import { type Scope } from '#libs/platform/scopes.js';
import { showsPersonal } from '#libs/resources/scopes.js';
import { type HistoryEventOutput } from './history.dto.js';

/** An event with the names of who caused it. */
export interface HistoryRow extends EventRow {
  actor_name: string | null;
  token_name: string | null;
}

/** Selects events `e` as {@link HistoryRow}s; a condition is to follow. Names are looked up for the rows that are answered. */
export const SELECT_HISTORY = `SELECT e.*, ${SEALED_KEY} AS sealed_key,
    (SELECT a.display_name FROM agents a
      WHERE a.organization_id = e.organization_id AND a.id = (e.metadata->>'actorId')::uuid) AS actor_name,
    (SELECT t.name FROM api_tokens t
      WHERE t.organization_id = e.organization_id AND t.id = (e.metadata->>'tokenId')::uuid) AS token_name
  FROM events e WHERE`;

/**
 * An event as histories show it: its secrets masked, and without its personal facts once they have been removed.
 * @param granted what the reader's token may do: who acted is named to those who may read agents
 */
export function shownEvent(codec: EventCodec, row: HistoryRow, granted: readonly Scope[]): HistoryEventOutput {
  const { eventId, type, version, recordedAt, metadata, data, redacted } = codec.disclose(row, true);
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
  };
}
