import { type Statement } from '#libs/database/batch.js';
import { type DomainEvent } from '#libs/event-store/event.js';
import { type Projection } from '#libs/event-store/stream-definition.js';

/** The table of an entity's members, which are agents. They are not part of its state, since there may be many. */
export interface Membership {
  table: string;
  /** The column with the entity's id. */
  entity: string;
}

/** The effect of an event on the members. */
type Effect = 'add' | 'remove' | 'clear';

/**
 * Returns the projection of members.
 * @param effects by event type; the agents are an event's `agentIds`
 */
export function memberProjection<Event extends DomainEvent>(
  { table, entity }: Membership,
  effects: Partial<Record<Event['type'], Effect>>,
): Projection<Event> {
  const ours = `FROM ${table} WHERE organization_id = $1 AND ${entity} = $2`;
  const texts: Record<Effect, string> = {
    add: `INSERT INTO ${table} (organization_id, ${entity}, agent_id) SELECT $1, $2, unnest($3::uuid[])`,
    remove: `DELETE ${ours} AND agent_id = ANY($3)`,
    clear: `DELETE ${ours}`,
  };
  return {
    table,
    apply: ({ organizationId, type, data }) => {
      const effect = effects[type];
      if (!effect) return [];
      const { id, agentIds } = data as { id: string; agentIds?: string[] };
      return [{ text: texts[effect], values: [organizationId, id, ...(agentIds ? [agentIds] : [])] }];
    },
  };
}

/** Returns a query for the agents in a list that are members. */
export function membersAmong(
  { table, entity }: Membership,
  organizationId: string,
  id: string,
  agentIds: string[],
): Statement {
  return {
    text: `SELECT agent_id AS id FROM ${table} WHERE organization_id = $1 AND ${entity} = $2 AND agent_id = ANY($3)`,
    values: [organizationId, id, agentIds],
  };
}
