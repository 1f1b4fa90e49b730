import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Database } from '#libs/database/database.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { type Changes } from '#libs/platform/changes.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { command } from '#libs/platform/messages.js';
import { endUserByExternalId } from './end-user-addresses.projection.js';
import { type EndUserFields, replacing } from './end-user.rules.js';
import { type EndUserOutput } from './end-users.dto.js';
import { CreateEndUser, UpdateEndUser } from './end-users.handlers.js';

/** An end user, and whether it is new. */
export interface Replaced {
  endUser: EndUserOutput;
  created: boolean;
}

/** Replaces the end user with this external id, or creates it. Its existing external ids do not change. */
export class ReplaceByExternalId extends command<
  {
    context: WriteContext;
    externalId: string;
    input: Omit<Changes<EndUserFields>, 'externalId' | 'additionalExternalIds'>;
  },
  Replaced
>() {}

const ATTEMPTS = 5;

@CommandHandler(ReplaceByExternalId)
export class ReplaceByExternalIdHandler implements ICommandHandler<ReplaceByExternalId> {
  constructor(
    private readonly database: Database,
    private readonly commands: CommandBus,
  ) {}

  /**
   * A refusal is final only if the external id still has the same owner. Otherwise another end user has just taken it,
   * or its owner has been merged, and the command starts again.
   */
  async execute({ context, externalId, input }: ReplaceByExternalId): Promise<Replaced> {
    const owner = () => this.#ownerOf(context.organizationId, externalId);
    let id = await owner();
    for (let attempt = 1; ; attempt++) {
      try {
        return id === undefined
          ? {
              created: true,
              endUser: await this.commands.execute(new CreateEndUser({ context, input: { ...input, externalId } })),
            }
          : { created: false, endUser: await this.#replace(context, id, input) };
      } catch (error) {
        if (!(error instanceof DomainError) || attempt === ATTEMPTS) throw error;
        const now = await owner();
        if (now === id) throw error;
        id = now;
      }
    }
  }

  #replace(context: WriteContext, id: string, input: ReplaceByExternalId['input']): Promise<EndUserOutput> {
    const changes = { ...replacing(input), externalId: undefined };
    return this.commands.execute(new UpdateEndUser({ context, id, input: changes }));
  }

  async #ownerOf(organizationId: string, externalId: string): Promise<string | undefined> {
    const statement = endUserByExternalId(organizationId, externalId);
    const [owner] = await this.database.query<{ id: string }>(organizationId, statement);
    return owner?.id;
  }
}
