import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { changedColumns } from '#libs/platform/changed-columns.js';
import { type Changes } from '#libs/platform/changes.js';
import { emailKey } from '#libs/platform/contact.js';
import { type Database } from '#libs/platform/database.js';
import { forgettingTwins } from '#libs/platform/twins.js';
import { type Person, PERSON_COLUMN_OF, PERSON_COLUMNS, type PersonRow, shownPerson } from '#libs/platform/person.js';
import { type Agent, type AgentEvent, evolveAgent } from './agent.js';

/** Keeps two agents of one organization from having the same primary e-mail address. */
export const AGENT_EMAIL_INDEX = 'agents_email';

/** The columns of agents that {@link shownAgent} takes. */
export const AGENT_COLUMNS = `id, created_at AS "createdAt", roles, ${PERSON_COLUMNS}`;

/** A row of {@link AGENT_COLUMNS}. */
export interface AgentRow extends PersonRow {
  id: string;
  createdAt: Date;
  roles: string[];
}

/** An agent as the API shows it. */
export function shownAgent(row: AgentRow): Agent {
  const { id, createdAt, roles } = row;
  return { ...(shownPerson(row) as Agent), id, createdAt: createdAt.toISOString(), roles };
}

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
export async function missingAgents(database: Database, organizationId: string, ids: string[]): Promise<string[]> {
  const rows = await database.query<{ id: string }>(organizationId, {
    text: `SELECT id FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted(id, place)
           WHERE NOT EXISTS (SELECT FROM agents a WHERE a.organization_id = $1 AND a.id = wanted.id)
           ORDER BY place`,
    values: [organizationId, ids],
  });
  return rows.map(({ id }) => id);
}

/** All but the e-mail address, which never changes. */
const FIELDS = (Object.keys(PERSON_COLUMN_OF) as (keyof Person)[]).filter((field) => field !== 'email');
const COLUMNS = Object.fromEntries(FIELDS.map((field) => [field, PERSON_COLUMN_OF[field]]));
const INSERT = `INSERT INTO agents (organization_id, id, created_at, email, roles, email_key, twin,
    ${FIELDS.map((field) => PERSON_COLUMN_OF[field][0]).join(', ')})
  VALUES ($1, $2, $3, $4, $5, $6, twin_of($1, $2, 'email', $6), ${FIELDS.map((_, index) => `$${index + 7}`).join(', ')})`;
const UPDATE = `UPDATE agents SET ${changedColumns(COLUMNS, '$3')} WHERE organization_id = $1 AND id = $2`;

const agentProjection: Projection<AgentEvent> = {
  table: 'agents',
  apply: (event) => {
    const key = [event.organizationId, event.data.id];
    switch (event.type) {
      case 'AgentCreated': {
        const { createdAt, email, roles, ...settings } = event.data;
        const columns = [createdAt, email, roles, emailKey(email), ...FIELDS.map((field) => settings[field])];
        return [{ text: INSERT, values: [...key, ...columns] }];
      }
      case 'AgentUpdated':
        return [{ text: UPDATE, values: [...key, event.data.changes] }];
      case 'AgentRemoved':
        return [forgettingTwins({ text: 'DELETE FROM agents WHERE organization_id = $1 AND id = $2', values: key })];
    }
  },
};

const ADDRESS_FIELDS = ['email', 'additionalEmails', 'phoneNumber', 'additionalPhoneNumbers'] as const;

/** Each address of each agent: what lists are filtered by. */
const addressProjection: Projection<AgentEvent> = {
  table: 'agent_addresses',
  apply: (event) => {
    const { organizationId, data } = event;
    switch (event.type) {
      case 'AgentCreated':
        return ADDRESS_FIELDS.flatMap((field) => insertAddresses(organizationId, data.id, field, event.data));
      case 'AgentUpdated': {
        const { changes } = event.data;
        return ADDRESS_FIELDS.filter((field) => field in changes).flatMap((field) => [
          {
            text: 'DELETE FROM agent_addresses WHERE organization_id = $1 AND agent_id = $2 AND field = $3',
            values: [organizationId, data.id, field],
          },
          ...insertAddresses(organizationId, data.id, field, changes),
        ]);
      }
      case 'AgentRemoved':
        return [
          {
            text: 'DELETE FROM agent_addresses WHERE organization_id = $1 AND agent_id = $2',
            values: [organizationId, data.id],
          },
        ];
    }
  },
};

function insertAddresses(
  organizationId: string,
  agentId: string,
  field: (typeof ADDRESS_FIELDS)[number],
  values: Changes<Agent>,
): Statement[] {
  const given = [values[field] ?? []].flat();
  const addresses = field === 'email' || field === 'additionalEmails' ? given.map(emailKey) : given;
  if (addresses.length === 0) return [];
  return [
    {
      text: `INSERT INTO agent_addresses (organization_id, agent_id, field, address)
             SELECT DISTINCT $1::uuid, $2::uuid, $3, unnest($4::text[])`,
      values: [organizationId, agentId, field, addresses],
    },
  ];
}

export const agentStream: StreamDefinition<Agent | undefined, AgentEvent> = {
  category: 'agent',
  types: { AgentCreated: true, AgentUpdated: true, AgentRemoved: true },
  initialState: undefined,
  evolve: evolveAgent,
  projections: [agentProjection, addressProjection],
  identifying: { AgentCreated: Object.keys(PERSON_COLUMN_OF), AgentUpdated: ['changes'] },
};
