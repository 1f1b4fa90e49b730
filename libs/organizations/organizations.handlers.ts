import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { EventStore } from '#libs/event-store/event-store.js';
import { hashApiToken, mintApiToken } from './api-token.js';
import { decideOrganization } from './organization.js';
import { organizationStream } from './organization.projection.js';

/** Creates a tenant. The actor is its first administrator. */
export class CreateOrganization extends Command<void> {
  constructor(
    readonly id: string,
    readonly name: string,
    readonly actorId: string,
  ) {
    super();
  }
}

/** Sets the country that the organization's phone numbers without a country code are from. */
export class SetDefaultRegion extends Command<void> {
  constructor(
    readonly organizationId: string,
    readonly region: string,
    readonly actorId: string,
  ) {
    super();
  }
}

/** Issues a token that acts for `actorId`, and answers it: the only time it is seen. */
export class IssueApiToken extends Command<string> {
  constructor(
    readonly organizationId: string,
    readonly name: string,
    readonly actorId: string,
    readonly token = mintApiToken(),
  ) {
    super();
  }
}

@CommandHandler(CreateOrganization)
export class CreateOrganizationHandler implements ICommandHandler<CreateOrganization> {
  constructor(private readonly store: EventStore) {}

  async execute({ id, name, actorId }: CreateOrganization): Promise<void> {
    await this.store.execute(organizationStream, id, { organizationId: id, actorId }, (organization) =>
      decideOrganization({ type: 'CreateOrganization', id, name }, organization),
    );
  }
}

@CommandHandler(SetDefaultRegion)
export class SetDefaultRegionHandler implements ICommandHandler<SetDefaultRegion> {
  constructor(private readonly store: EventStore) {}

  async execute({ organizationId, region, actorId }: SetDefaultRegion): Promise<void> {
    const command = { type: 'SetDefaultRegion', id: organizationId, region } as const;
    await this.store.execute(organizationStream, organizationId, { organizationId, actorId }, (organization) =>
      decideOrganization(command, organization),
    );
  }
}

@CommandHandler(IssueApiToken)
export class IssueApiTokenHandler implements ICommandHandler<IssueApiToken> {
  constructor(private readonly store: EventStore) {}

  async execute({ organizationId, name, actorId, token }: IssueApiToken): Promise<string> {
    const tokenHash = hashApiToken(token);
    const tokenId = randomUUIDv7();
    await this.store.execute(organizationStream, organizationId, { organizationId, actorId }, (organization) =>
      decideOrganization(
        { type: 'IssueApiToken', id: organizationId, tokenId, name, actorId, tokenHash },
        organization,
      ),
    );
    return token;
  }
}
