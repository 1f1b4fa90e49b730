import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '#libs/database/database.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { notFound } from '#libs/platform/domain-error.js';
import { command, query } from '#libs/platform/messages.js';
import { type Organization, type RepliesToClosed } from './organization.rules.js';
import { organizationStream } from './organization.stream.js';

/** Creates an organization. The actor is its first administrator. */
export class CreateOrganization extends command<{ id: string; name: string; actorId: string }>() {}

/** Sets the country of the organization's phone numbers without a country code. */
export class SetDefaultRegion extends command<{ organizationId: string; region: string; actorId: string }>() {}

/** Sets what an end user's message in a closed conversation does. */
export class SetRepliesToClosed extends command<{
  organizationId: string;
  replies: RepliesToClosed;
  actorId: string;
}>() {}

export class GetOrganization extends query<{ id: string }, Pick<Organization, 'id' | 'name'>>() {}

@CommandHandler(CreateOrganization)
export class CreateOrganizationHandler implements ICommandHandler<CreateOrganization> {
  constructor(private readonly store: EventStore) {}

  async execute({ id, name, actorId }: CreateOrganization): Promise<void> {
    await this.store.handle(
      organizationStream,
      id,
      { organizationId: id, actorId },
      { type: 'CreateOrganization', id, name },
    );
  }
}

@CommandHandler(SetDefaultRegion)
export class SetDefaultRegionHandler implements ICommandHandler<SetDefaultRegion> {
  constructor(private readonly store: EventStore) {}

  async execute({ organizationId, region, actorId }: SetDefaultRegion): Promise<void> {
    const command = { type: 'SetDefaultRegion', id: organizationId, region } as const;
    await this.store.handle(organizationStream, organizationId, { organizationId, actorId }, command);
  }
}

@CommandHandler(SetRepliesToClosed)
export class SetRepliesToClosedHandler implements ICommandHandler<SetRepliesToClosed> {
  constructor(private readonly store: EventStore) {}

  async execute({ organizationId, replies, actorId }: SetRepliesToClosed): Promise<void> {
    const command = { type: 'SetRepliesToClosed', id: organizationId, replies } as const;
    await this.store.handle(organizationStream, organizationId, { organizationId, actorId }, command);
  }
}

@QueryHandler(GetOrganization)
export class GetOrganizationHandler implements IQueryHandler<GetOrganization> {
  constructor(private readonly database: Database) {}

  async execute({ id }: GetOrganization): Promise<Pick<Organization, 'id' | 'name'>> {
    const [row] = await this.database.query<Pick<Organization, 'id' | 'name'>>(id, {
      text: 'SELECT organization_id AS id, name FROM organizations WHERE organization_id = $1',
      values: [id],
    });
    if (!row) throw notFound('Organization', id);
    return row;
  }
}
