import { Command, CommandHandler, type ICommandHandler, type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import {
  attributeDefinitions,
  type AttributeDefinition,
  checkedValues,
  type CustomAttributeOutput,
  shownValues,
} from '#libs/custom-attributes/attribute-values.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { EventStore, staged } from '#libs/event-store/event-store.js';
import { OrganizationSettings } from '#libs/organizations/settings.js';
import { type Changes } from '#libs/platform/changes.js';
import { Database } from '#libs/platform/database.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type Page, type PageRequest } from '#libs/platform/keyset.js';
import { normalizePerson } from '#libs/platform/person.js';
import { decideEndUser, type EndUser, type EndUserFields, evolveEndUser, openEndUser } from './end-user.js';
import { endUserStream } from './end-user.projection.js';
import { type EndUserOrder } from './end-user-search.js';
import { type EndUserOutput } from './end-users.dto.js';
import { type EndUserFilters, EndUserReader } from './end-users.reader.js';
import { shownEndUser } from './shown-end-user.js';
import { TakenAddresses } from './taken-addresses.js';

/** Answers the new end user. */
export class CreateEndUser extends Command<EndUserOutput> {
  constructor(
    readonly context: WriteContext,
    readonly input: Changes<EndUserFields>,
  ) {
    super();
  }
}

/** Changes what is named; `null` clears. Answers the end user as it is then. */
export class UpdateEndUser extends Command<EndUserOutput> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
    readonly input: Changes<EndUserFields>,
  ) {
    super();
  }
}

/** Changes the values that are named, or none; answers all values that the end user has then. */
export class UpdateEndUserAttributes extends Command<CustomAttributeOutput[]> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
    readonly patch: Record<string, unknown>,
  ) {
    super();
  }
}

/** As it is now, or was then. */
export class GetEndUser extends Query<EndUserOutput> {
  constructor(
    readonly organizationId: string,
    readonly id: string,
    readonly asOf?: Date,
  ) {
    super();
  }
}

/** A page of the end users that fit all filters. */
export class ListEndUsers extends Query<Page<EndUserOutput>> {
  constructor(
    readonly organizationId: string,
    readonly filters: EndUserFilters,
    readonly order: EndUserOrder,
    readonly page: PageRequest,
  ) {
    super();
  }
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
    const normalized = normalizePerson(input, defaultRegion);
    const given = Object.entries(normalized).filter(([, value]) => value !== null);
    const person = Object.fromEntries(given) as unknown as EndUserFields;
    const id = randomUUIDv7();
    const created = await this.taken.refusedAround(context.organizationId, id, person, () =>
      this.store.retrying(() =>
        this.store.create(endUserStream, id, context, (nobody, at) =>
          decideEndUser({ type: 'CreateEndUser', id, createdAt: at.toISOString(), person }, nobody),
        ),
      ),
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
    const updated = await this.taken.refusedAround(organizationId, id, changes, () =>
      this.store.execute(endUserStream, id, context, (endUser) =>
        decideEndUser({ type: 'UpdateEndUser', id, changes }, endUser),
      ),
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
        this.store.load(endUserStream, id, organizationId),
      ]);
      const endUser = openEndUser(loaded.state, id);
      if (endUser instanceof DomainError) throw endUser;
      const values = checkedValues(definitions, patch);
      const events = decideEndUser({ type: 'UpdateCustomAttributes', id, values }, endUser);
      if (events instanceof DomainError) throw events;
      await this.store.commit([staged(endUserStream, id, loaded, events)], context);
      const { customAttributes } = events.reduce<EndUser | undefined>(evolveEndUser, endUser) as EndUser;
      return shownValues(definitions, customAttributes);
    });
  }
}

@QueryHandler(GetEndUser)
export class GetEndUserHandler implements IQueryHandler<GetEndUser> {
  constructor(private readonly reader: EndUserReader) {}

  async execute({ organizationId, id, asOf }: GetEndUser): Promise<EndUserOutput> {
    return asOf ? this.reader.getAsOf(organizationId, id, asOf) : this.reader.get(organizationId, id);
  }
}

@QueryHandler(ListEndUsers)
export class ListEndUsersHandler implements IQueryHandler<ListEndUsers> {
  constructor(private readonly reader: EndUserReader) {}

  async execute({ organizationId, filters, order, page }: ListEndUsers): Promise<Page<EndUserOutput>> {
    return this.reader.list(organizationId, filters, order, page);
  }
}
