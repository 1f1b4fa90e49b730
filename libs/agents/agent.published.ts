import { type Statement } from '#libs/database/batch.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { command } from '#libs/platform/messages.js';

/**
 * A guard: all these agents exist in the organization when the append commits. A concurrent removal waits for the
 * commit; an earlier one makes the guard fail. See `EventStore.commit`.
 */
export function agentsExist(organizationId: string, ids: string[]): Statement {
  return {
    text: `SELECT guard((SELECT count(*) FROM (
             SELECT FROM agents WHERE organization_id = $1 AND id = ANY($2) ORDER BY id FOR SHARE) AS found
           ) = cardinality($2::uuid[]))`,
    values: [organizationId, [...new Set(ids)]],
  };
}

/** Returns a row if the organization has such an agent. */
export function agentById(organizationId: string, id: string): Statement {
  return { text: 'SELECT id FROM agents WHERE organization_id = $1 AND id = $2', values: [organizationId, id] };
}

/** Returns those ids that are not agents of the organization: for the error when {@link agentsExist} fails. */
export function missingAgents(organizationId: string, ids: string[]): Statement {
  return {
    text: `SELECT id FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted(id, place)
           WHERE NOT EXISTS (SELECT FROM agents a WHERE a.organization_id = $1 AND a.id = wanted.id)
           ORDER BY place`,
    values: [organizationId, ids],
  };
}

/** Releases the agent's conversations, then removes the agent and its memberships in one commit. */
export class RemoveAgent extends command<{ context: WriteContext; id: string }>() {}
