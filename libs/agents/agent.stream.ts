import { twinOf } from '#libs/database/twins.js';
import { type Part, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { emailKey } from '#libs/people/contact.js';
import { PERSON_FIELDS } from '#libs/people/person.js';
import { type Agent, type AgentCommand, type AgentEvent, decideAgent, evolveAgent } from './agent.rules.js';

/** Makes the primary e-mail address unique among the agents of an organization. */
export const AGENT_EMAIL_INDEX = 'agents_email';

const ADDRESS_FIELDS = ['email', 'additionalEmails', 'phoneNumber', 'additionalPhoneNumbers'] as const;

interface Address {
  field: (typeof ADDRESS_FIELDS)[number];
  address: string;
}

/** Each address of each agent, for the filters of lists. */
const addressPart: Part<Agent | undefined> = {
  table: 'agent_addresses',
  owner: 'agent_id',
  isStable: true,
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

/** Returns the addresses that are not among others. */
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
