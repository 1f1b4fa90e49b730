import { type Statement } from '#libs/database/batch.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { command } from '#libs/platform/messages.js';

/**
 * A guard: all these agents exist in the organization when the append commits. None of them can be removed before that,
 * and a removal that was first makes the guard fail. See `EventStore.commit`.
 */
export function agentsExist(organizationId: string, ids: string[]): Statement {
  return {
    text: `SELECT guard((SELECT count(*) FROM (
             SELECT FROM agents WHERE organization_id = $1 AND id = ANY($2) ORDER BY id FOR SHARE) AS found
           ) = cardinality($2::uuid[]))`,
    values: [organizationId, [...new Set(ids)]],
  };
}

/** Whether there is such an agent: a row, or none. */
export function agentById(organizationId: string, id: string): Statement {
  return { text: 'SELECT id FROM agents WHERE organization_id = $1 AND id = $2', values: [organizationId, id] };
}

/** Those of the ids that are no agents of the organization: what to tell where {@link agentsExist} would fail. */
export function missingAgents(organizationId: string, ids: string[]): Statement {
  return {
    text: `SELECT id FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted(id, place)
           WHERE NOT EXISTS (SELECT FROM agents a WHERE a.organization_id = $1 AND a.id = wanted.id)
           ORDER BY place`,
    values: [organizationId, ids],
  };
}

/** Takes the agent out of all that has members, in the same commit; before that, conversations away from the agent. */
export class RemoveAgent extends command<{ context: WriteContext; id: string }>() {}
