import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { type Statement } from '#libs/database/batch.js';
import { Database, violatedConstraint } from '#libs/database/database.js';
import { sortedByName } from '#libs/database/name-order.js';
import { EntityReader, LISTED, SHOWN, type ShownRow, shownText } from '#libs/event-store/entity-reader.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { PastStreams } from '#libs/event-store/past-streams.js';
import { countUpTo, roomFor } from '#libs/organizations/entity-limit.published.js';
import { applyChanges, type Changes } from '#libs/platform/changes.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { command, query } from '#libs/platform/messages.js';
import {
  addressOf,
  type ContactEndpoint,
  type EndpointSettings,
  MAX_CONTACT_ENDPOINTS,
  namedEndpoint,
} from './contact-endpoint.rules.js';
import { type ShownEndpoint, shownEndpoint } from './contact-endpoint.shown.js';
import { contactEndpointStream, ENDPOINT_ADDRESS_INDEX } from './contact-endpoint.stream.js';
import { type CreateContactEndpointInput } from './contact-endpoints.dto.js';

const TABLE = 'contact_endpoints';

/** Creates a contact endpoint, and returns it. */
export class CreateContactEndpoint extends command<
  { context: WriteContext; input: CreateContactEndpointInput },
  ShownEndpoint
>() {}

/** Changes the given fields, and returns the changed contact endpoint. */
export class UpdateContactEndpoint extends command<
  { context: WriteContext; address: string; changes: Changes<EndpointSettings> },
  ShownEndpoint
>() {}

export class DeleteContactEndpoint extends command<{ context: WriteContext; address: string }>() {}

/** The contact endpoint with an address or number as it is now or, with `asOf`, as it was then. */
export class GetContactEndpoint extends query<
  { organizationId: string; address: string; asOf?: Date },
  Sendable<object>
>() {}

/** All contact endpoints by address or number, as they are now or, with `asOf`, as they were then. */
export class ListContactEndpoints extends query<{ organizationId: string; asOf?: Date }, Sendable<object>[]>() {}

@CommandHandler(CreateContactEndpoint)
export class CreateContactEndpointHandler implements ICommandHandler<CreateContactEndpoint> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, input }: CreateContactEndpoint): Promise<ShownEndpoint> {
    const id = randomUUIDv7();
    const endpoint = applyChanges<object>({ id }, input) as ContactEndpoint;
    try {
      return shownEndpoint(await this.#created(context, endpoint));
    } catch (error) {
      throw violatedConstraint(error) === ENDPOINT_ADDRESS_INDEX ? taken(endpoint) : error;
    }
  }

  #created(context: WriteContext, endpoint: ContactEndpoint): Promise<ContactEndpoint> {
    const limit = [TABLE, context.organizationId, MAX_CONTACT_ENDPOINTS] as const;
    return this.store.retrying(async () => {
      const [row] = await this.database.query<{ count: number }>(context.organizationId, countUpTo(...limit));
      const command = { type: 'CreateContactEndpoint', endpoint, existing: row?.count ?? 0 } as const;
      const guards = () => roomFor(...limit);
      const { state } = await this.store.handle(contactEndpointStream, endpoint.id, context, command, guards);
      return state as ContactEndpoint;
    });
  }
}

@CommandHandler(UpdateContactEndpoint)
export class UpdateContactEndpointHandler implements ICommandHandler<UpdateContactEndpoint> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, address, changes }: UpdateContactEndpoint): Promise<ShownEndpoint> {
    const id = await idOf(this.database, context.organizationId, address);
    const command = { type: 'UpdateContactEndpoint', address, changes } as const;
    const { state } = await this.store.handle(contactEndpointStream, id, context, command);
    return shownEndpoint(state as ContactEndpoint);
  }
}

@CommandHandler(DeleteContactEndpoint)
export class DeleteContactEndpointHandler implements ICommandHandler<DeleteContactEndpoint> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, address }: DeleteContactEndpoint): Promise<void> {
    const id = await idOf(this.database, context.organizationId, address);
    await this.store.handle(contactEndpointStream, id, context, { type: 'DeleteContactEndpoint', address });
  }
}

@QueryHandler(GetContactEndpoint)
export class GetContactEndpointHandler implements IQueryHandler<GetContactEndpoint> {
  constructor(
    private readonly database: Database,
    private readonly reader: EntityReader,
    private readonly past: PastStreams,
  ) {}

  execute({ organizationId, address, asOf }: GetContactEndpoint): Promise<Sendable<object>> {
    return asOf ? this.#then(organizationId, address, asOf) : this.#now(organizationId, address);
  }

  async #now(organizationId: string, address: string): Promise<Sendable<object>> {
    const rows = await this.database.lookup<ShownRow>(organizationId, withAddress(SHOWN, organizationId, address));
    const [found] = await this.reader.fresh(contactEndpointStream, organizationId, rows);
    if (!found) throw notFound('Contact endpoint', address);
    return shownText(found);
  }

  async #then(organizationId: string, address: string, asOf: Date): Promise<ShownEndpoint> {
    const { key } = namedEndpoint(address);
    const endpoints = await pastEndpoints(this.past, organizationId, asOf);
    const found = endpoints.find((endpoint) => namedEndpoint(addressOf(endpoint)).key === key);
    if (found) return shownEndpoint(found);
    throw new DomainError('not-found', `Contact endpoint ${address} did not exist at ${asOf.toISOString()}`);
  }
}

@QueryHandler(ListContactEndpoints)
export class ListContactEndpointsHandler implements IQueryHandler<ListContactEndpoints> {
  constructor(
    private readonly database: Database,
    private readonly reader: EntityReader,
    private readonly past: PastStreams,
  ) {}

  async execute({ organizationId, asOf }: ListContactEndpoints): Promise<Sendable<object>[]> {
    if (!asOf) {
      return this.reader.list(contactEndpointStream, organizationId, {
        text: `SELECT ${LISTED} FROM ${TABLE} WHERE organization_id = $1 ORDER BY address, id`,
        values: [organizationId],
      });
    }
    const endpoints = await pastEndpoints(this.past, organizationId, asOf);
    const named = endpoints.map((endpoint) => ({ id: endpoint.id, name: addressOf(endpoint), endpoint }));
    return (await sortedByName(this.database, organizationId, named)).map(({ endpoint }) => shownEndpoint(endpoint));
  }
}

/** Reads columns of the contact endpoint with an address or number. */
function withAddress(columns: string, organizationId: string, address: string): Statement {
  const { type, key } = namedEndpoint(address);
  return {
    text: `SELECT ${columns} FROM ${TABLE} WHERE organization_id = $1 AND type = $2 AND address_key = $3`,
    values: [organizationId, type, key],
  };
}

/** Returns the id of the stream of a contact endpoint. @throws {DomainError} `not-found` */
async function idOf(database: Database, organizationId: string, address: string): Promise<string> {
  const [found] = await database.lookup<{ id: string }>(organizationId, withAddress('id', organizationId, address));
  if (!found) throw notFound('Contact endpoint', address);
  return found.id;
}

async function pastEndpoints(past: PastStreams, organizationId: string, asOf: Date): Promise<ContactEndpoint[]> {
  const streams = await past.loadAll(contactEndpointStream, organizationId, asOf);
  return streams.flatMap(({ state }) => state ?? []);
}

/** Returns the error for an address or number that another contact endpoint has. */
function taken(endpoint: ContactEndpoint): DomainError {
  const path = endpoint._type === 'EmailEndpoint' ? 'address' : 'number';
  const message = 'already belongs to a contact endpoint; change that one with PATCH';
  return new DomainError('invalid', `Validation failure: ${path} ${addressOf(endpoint)} ${message}`, {
    faults: [{ path, message }],
  });
}
