import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { type CountryCode } from 'libphonenumber-js/max';
import { randomUUIDv7 } from 'node:crypto';
import {
  attributeDefinitions,
  type AttributeDefinition,
  checkedValues,
  type CustomAttributeOutput,
  shownValues,
} from '#libs/custom-attributes/attribute-values.published.js';
import { Database } from '#libs/database/database.js';
import { type Page, type PageRequest } from '#libs/database/keyset.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { OrganizationSettings } from '#libs/organizations/organization-settings.published.js';
import { normalizePerson } from '#libs/people/person.js';
import { type Changes } from '#libs/platform/changes.js';
import { accepted } from '#libs/platform/domain-error.js';
import { type JsonText, type Sendable } from '#libs/platform/json-text.js';
import { command, query } from '#libs/platform/messages.js';
import { type EndUserOrder } from './end-user-search.js';
import { type EndUser, type EndUserFields, openEndUser } from './end-user.rules.js';
import { shownEndUser } from './end-user.shown.js';
import { endUserStream } from './end-user.stream.js';
import { type EndUserOutput } from './end-users.dto.js';
import { type EndUserFilters, EndUserReader } from './end-user.reader.js';
import { TakenAddresses } from './taken-addresses.js';

/** Creates an end user, and returns it. */
export class CreateEndUser extends command<{ context: WriteContext; input: Changes<EndUserFields> }, EndUserOutput>() {}

/** Changes the given fields, and returns the changed end user. `null` clears a field. */
export class UpdateEndUser extends command<
  { context: WriteContext; id: string; input: Changes<EndUserFields> },
  EndUserOutput
>() {}

/** Changes all of the given values or, on error, none. Returns all values of the end user. */
export class UpdateEndUserAttributes extends command<
  { context: WriteContext; id: string; patch: Record<string, unknown> },
  CustomAttributeOutput[]
>() {}

/** An end user as it is now or, with `asOf`, as it was then. */
export class GetEndUser extends query<{ organizationId: string; id: string; asOf?: Date }, Sendable<object>>() {}

/** A page of the end users that match all filters. */
export class ListEndUsers extends query<
  { organizationId: string; filters: EndUserFilters; order: EndUserOrder; page: PageRequest },
  Page<JsonText>
>() {}

/** Returns the fields of a new end user. @throws {DomainError} `invalid`, with all faults */
export function newPerson(input: Changes<EndUserFields>, region: CountryCode | undefined): EndUserFields {
  const given = Object.entries(normalizePerson(input, region)).filter(([, value]) => value !== null);
  return Object.fromEntries(given) as unknown as EndUserFields;
}

@CommandHandler(CreateEndUser)
export class CreateEndUserHandler implements ICommandHandler<CreateEndUser> {
  constructor(
    private readonly store: EventStore,
    private readonly settings: OrganizationSettings,
    private readonly taken: TakenAddresses,
  ) {}

  async execute({ context, input }: CreateEndUser): Promise<EndUserOutput> {
    const { defaultRegion } = await this.settings.of(context.organizationId);
    const [id, person] = [randomUUIDv7(), newPerson(input, defaultRegion)];
    const command = { type: 'CreateEndUser', id, person } as const;
    const created = await this.taken.namingOwners(context, id, person, () =>
      this.store.retrying(() => this.store.handle(endUserStream, id, context, command)),
    );
    return shownEndUser(created, []);
  }
}

@CommandHandler(UpdateEndUser)
export class UpdateEndUserHandler implements ICommandHandler<UpdateEndUser> {
  constructor(
    private readonly store: EventStore,
    private readonly settings: OrganizationSettings,
    private readonly taken: TakenAddresses,
    private readonly reader: EndUserReader,
  ) {}

  async execute({ context, id, input }: UpdateEndUser): Promise<EndUserOutput> {
    const { organizationId } = context;
    const { defaultRegion } = await this.settings.of(organizationId);
    const changes = normalizePerson(input, defaultRegion);
    const updated = await this.taken.namingOwners(context, id, changes, () =>
      this.store.handle(endUserStream, id, context, { type: 'UpdateEndUser', id, changes }),
    );
    return this.reader.shown(organizationId, updated);
  }
}

@CommandHandler(UpdateEndUserAttributes)
export class UpdateEndUserAttributesHandler implements ICommandHandler<UpdateEndUserAttributes> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id, patch }: UpdateEndUserAttributes): Promise<CustomAttributeOutput[]> {
    const { organizationId } = context;
    return this.store.retrying(async () => {
      const [definitions, loaded] = await Promise.all([
        this.database.query<AttributeDefinition>(organizationId, attributeDefinitions(organizationId, 'Contact')),
        this.store.load(endUserStream, id, context),
      ]);
      accepted(openEndUser(loaded.state, id));
      const values = checkedValues(definitions, patch);
      const { state } = await this.store.decide(endUserStream, id, context, loaded, {
        type: 'UpdateCustomAttributes',
        id,
        values,
      });
      return shownValues(definitions, (state as EndUser).customAttributes);
    });
  }
}

@QueryHandler(GetEndUser)
export class GetEndUserHandler implements IQueryHandler<GetEndUser> {
  constructor(private readonly reader: EndUserReader) {}

  async execute({ organizationId, id, asOf }: GetEndUser): Promise<Sendable<object>> {
    return asOf ? this.reader.getAsOf(organizationId, id, asOf) : this.reader.get(organizationId, id);
  }
}

@QueryHandler(ListEndUsers)
export class ListEndUsersHandler implements IQueryHandler<ListEndUsers> {
  constructor(private readonly reader: EndUserReader) {}

  async execute({ organizationId, filters, order, page }: ListEndUsers): Promise<Page<JsonText>> {
    return this.reader.list(organizationId, filters, order, page);
  }
}
