import { type Part, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { emailKey } from '#libs/platform/contact.js';
import { PERSON_FIELDS } from '#libs/platform/person.js';
import { twinOf } from '#libs/platform/twins.js';
import { type Agent, type AgentCommand, type AgentEvent, decideAgent, evolveAgent } from './agent.js';

/** Keeps two agents of one organization from having the same primary e-mail address. */
export const AGENT_EMAIL_INDEX = 'agents_email';

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

const ADDRESS_FIELDS = ['email', 'additionalEmails', 'phoneNumber', 'additionalPhoneNumbers'] as const;

interface Address {
  field: (typeof ADDRESS_FIELDS)[number];
  address: string;
}

/** Each address of each agent: what lists are filtered by. */
const addressPart: Part<Agent | undefined> = {
  table: 'agent_addresses',
  change: ({ organizationId, id }, before, after) => {
    const [was, is] = [addressesOf(before), addressesOf(after)];
    const [gone, added] = [without(was, is), without(is, was)];
    return [
      ...(gone.length === 0 ? [] : [{ text: DELETE_ADDRESSES, values: [organizationId, id, ...columnsOf(gone)] }]),
      ...(added.length === 0 ? [] : [{ text: INSERT_ADDRESSES, values: [organizationId, id, ...columnsOf(added)] }]),
    ];
  },
};

const DELETE_ADDRESSES = `DELETE FROM agent_addresses WHERE organization_id = $1 AND agent_id = $2
  AND (field, address) IN (SELECT * FROM unnest($3::text[], $4::text[]))`;
const INSERT_ADDRESSES = `INSERT INTO agent_addresses (organization_id, agent_id, field, address)
  SELECT DISTINCT $1::uuid, $2::uuid, a.* FROM unnest($3::text[], $4::text[]) AS a(field, address)`;

function addressesOf(agent: Agent | undefined): Address[] {
  return ADDRESS_FIELDS.flatMap((field) => {
    const given = [agent?.[field] ?? []].flat();
    const addresses = field === 'email' || field === 'additionalEmails' ? given.map(emailKey) : given;
    return addresses.map((address) => ({ field, address }));
  });
}

/** Those of the addresses that are not among others. */
function without(addresses: Address[], others: Address[]): Address[] {
  const known = new Set(others.map(({ field, address }) => `${field} ${address}`));
  return addresses.filter(({ field, address }) => !known.has(`${field} ${address}`));
}

function columnsOf(addresses: Address[]) {
  return [addresses.map(({ field }) => field), addresses.map(({ address }) => address)];
}

export const agentStream: StreamDefinition<Agent | undefined, AgentEvent, AgentCommand> = {
  category: 'agent',
  types: { AgentCreated: true, AgentUpdated: true, AgentRemoved: true },
  initialState: undefined,
  shape: 1,
  creates: 'CreateAgent',
  decide: decideAgent,
  evolve: evolveAgent,
  row: {
    table: 'agents',
    hasTwins: true,
    shown: (agent) => agent,
    columns: {
      created_at: { of: ({ createdAt }) => createdAt, constant: true },
      email: { of: ({ email }) => email, constant: true },
      email_key: { of: ({ email }) => emailKey(email), constant: true },
      twin: {
        of: ({ email }) => emailKey(email),
        sql: (key, organization, id) => twinOf(organization, id, "'email'", key),
        constant: true,
      },
      display_name: { of: ({ displayName }) => displayName },
      phone_number: { of: ({ phoneNumber }) => phoneNumber },
      roles: { of: ({ roles }) => roles },
    },
  },
  parts: [addressPart],
  identifying: { AgentCreated: PERSON_FIELDS, AgentUpdated: ['changes'] },
};
