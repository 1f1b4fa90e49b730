import { type CountryCode } from 'libphonenumber-js/max';
import { randomUUIDv7 } from 'node:crypto';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database, violatedConstraint } from '#libs/database/database.js';
import { Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { EntityReader, LISTED, type ListedRow } from '#libs/event-store/entity-reader.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { OrganizationSettings } from '#libs/organizations/organization-settings.published.js';
import { emailKey, phoneOfQuery } from '#libs/people/contact.js';
import { normalizePerson } from '#libs/people/person.js';
import { applyChanges, type Changes } from '#libs/platform/changes.js';
import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { type JsonText, type Sendable } from '#libs/platform/json-text.js';
import { command, query } from '#libs/platform/messages.js';
import { type Agent, type AgentSettings, NO_SETTINGS } from './agent.rules.js';
import { AGENT_EMAIL_INDEX, agentStream } from './agent.stream.js';

/** Creates an agent, and returns it. No other agent may have its primary e-mail address. */
export class CreateAgent extends command<
  { context: WriteContext; input: Changes<AgentSettings> & { email: string } },
  Agent
>() {}

/** Changes the given settings, and returns the changed agent. */
export class UpdateAgent extends command<
  { context: WriteContext; id: string; changes: Changes<AgentSettings> },
  Agent
>() {}

/** Returns the agent as it is now or, with `asOf`, as it was then. */
export class GetAgent extends query<{ organizationId: string; id: string; asOf?: Date }, Sendable<object>>() {}

/** A page of all agents or of those with an address, oldest first. */
export class ListAgents extends query<
  { organizationId: string; filter: { email?: string; phone?: string }; page: PageRequest },
  Page<JsonText>
>() {}

/** The ids of an agent's teams. */
export class ListTeamsOfAgent extends query<{ organizationId: string; id: string }, string[]>() {}

/** Returns the fields of a new agent. @throws {DomainError} `invalid`, with all faults */
export function newAgent(input: CreateAgent['input'], region: CountryCode | undefined) {
  const { email, ...rest } = normalizePerson(input, region);
  return { email, settings: applyChanges(NO_SETTINGS, rest) as AgentSettings };
}

@CommandHandler(CreateAgent)
export class CreateAgentHandler implements ICommandHandler<CreateAgent> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
    private readonly settings: OrganizationSettings,
  ) {}

  async execute({ context, input }: CreateAgent): Promise<Agent> {
    const { defaultRegion } = await this.settings.of(context.organizationId);
    const { email, settings } = newAgent(input, defaultRegion);
    const id = randomUUIDv7();
    try {
      const { state } = await this.store.handle(agentStream, id, context, { type: 'CreateAgent', id, email, settings });
      return state as Agent;
    } catch (error) {
      if (violatedConstraint(error) !== AGENT_EMAIL_INDEX) throw error;
      throw await this.#taken(context.organizationId, email);
    }
  }

  async #taken(organizationId: string, email: string): Promise<DomainError> {
    const [other] = await this.database.query<{ id: string }>(organizationId, {
      text: 'SELECT id FROM agents WHERE organization_id = $1 AND email_key = $2 ORDER BY twin LIMIT 1',
      values: [organizationId, emailKey(email)],
    });
    // The other may have been removed in the meantime.
    return invalidBody([{ path: 'email', message: `is that of ${other ? `agent ${other.id}` : 'another agent'}` }]);
  }
}

@CommandHandler(UpdateAgent)
export class UpdateAgentHandler implements ICommandHandler<UpdateAgent> {
  constructor(
    private readonly store: EventStore,
    private readonly settings: OrganizationSettings,
  ) {}

  async execute({ context, id, changes }: UpdateAgent): Promise<Agent> {
    const { defaultRegion } = await this.settings.of(context.organizationId);
    const command = { type: 'UpdateAgent', id, changes: normalizePerson(changes, defaultRegion) } as const;
    const { state } = await this.store.handle(agentStream, id, context, command);
    return state as Agent;
  }
}

@QueryHandler(GetAgent)
export class GetAgentHandler implements IQueryHandler<GetAgent> {
  constructor(private readonly reader: EntityReader) {}

  execute(query: GetAgent): Promise<Sendable<object>> {
    return this.reader.existing(agentStream, 'Agent', query);
  }
}

const BY_ID = new Keyset<ListedRow>([{ name: 'id', type: 'uuid', of: ({ id }) => id }], 'ASC');

@QueryHandler(ListAgents)
export class ListAgentsHandler implements IQueryHandler<ListAgents> {
  constructor(
    private readonly settings: OrganizationSettings,
    private readonly reader: EntityReader,
  ) {}

  async execute({ organizationId, filter, page }: ListAgents): Promise<Page<JsonText>> {
    const address = await this.#address(organizationId, filter);
    const having =
      address === undefined
        ? ''
        : 'AND id IN (SELECT agent_id FROM agent_addresses WHERE organization_id = $1 AND address = $2)';
    const select = {
      text: `SELECT ${LISTED} FROM agents WHERE organization_id = $1 ${having}`,
      values: [organizationId, ...(address === undefined ? [] : [address])],
    };
    return this.reader.page(agentStream, organizationId, BY_ID, select, page);
  }

  /** Returns the address to filter by. E-mail addresses never equal phone numbers, so one column holds both. */
  async #address(organizationId: string, { email, phone }: ListAgents['filter']): Promise<string | undefined> {
    if (email !== undefined && phone !== undefined) {
      throw new DomainError('invalid', 'Invalid value for: query parameters email and phone (only one may be sent)');
    }
    if (phone === undefined) return email === undefined ? undefined : emailKey(email);
    const number = phoneOfQuery(phone, (await this.settings.of(organizationId)).defaultRegion);
    if (!number) throw new DomainError('invalid', 'Invalid value for: query parameter phone (must be a phone number)');
    return number;
  }
}

@QueryHandler(ListTeamsOfAgent)
export class ListTeamsOfAgentHandler implements IQueryHandler<ListTeamsOfAgent> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId, id }: ListTeamsOfAgent): Promise<string[]> {
    const [row] = await this.database.query<{ teams: string[] }>(organizationId, {
      text: `SELECT ARRAY(SELECT team_id::text FROM team_members
               WHERE organization_id = $1 AND agent_id = $2 ORDER BY team_id) AS teams
             FROM agents WHERE organization_id = $1 AND id = $2`,
      values: [organizationId, id],
    });
    if (!row) throw notFound('Agent', id);
    return row.teams;
  }
}
