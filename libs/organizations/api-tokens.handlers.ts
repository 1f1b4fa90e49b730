import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { type WriteContext } from '#libs/event-store/event.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type Scope } from '#libs/platform/scopes.js';
import { type ApiTokenCommand, type IssuedToken } from './api-token.js';
import { decideOrganization } from './organization.js';
import { organizationStream } from './organization.projection.js';
import { hashApiToken, mintApiToken } from './token-secret.js';
import { TokenLookup } from './token-lookup.js';

/** A token's id, and its secret: the only time that it is seen. */
export interface TokenSecret {
  id: string;
  secret: string;
}

/** What the issuer of a token chooses. */
export type TokenChoices = Pick<IssuedToken, 'name' | 'scopes' | 'expiresAt' | 'rateLimit'>;

/** Whoever works on the server itself may give every scope. */
const EVERYTHING: readonly Scope[] = ['admin'];

/** Issues a token that acts for the context's actor. @param granted the scopes of the issuer */
export class IssueApiToken extends Command<TokenSecret> {
  constructor(
    readonly context: WriteContext,
    readonly choices: TokenChoices,
    readonly granted = EVERYTHING,
    readonly secret = mintApiToken(),
  ) {
    super();
  }
}

/** Gives a token another secret; the present one works for as long as the overlap lasts. */
export class RotateApiToken extends Command<TokenSecret> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
    readonly overlapSeconds: number,
    readonly granted = EVERYTHING,
  ) {
    super();
  }
}

/** The token is let in no more: at once in this process, within seconds in others. */
export class RevokeApiToken extends Command<void> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
    readonly granted = EVERYTHING,
  ) {
    super();
  }
}

@CommandHandler(IssueApiToken)
export class IssueApiTokenHandler implements ICommandHandler<IssueApiToken> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, choices, granted, secret }: IssueApiToken): Promise<TokenSecret> {
    const id = randomUUIDv7();
    const { actorId } = context;
    const token = { ...choices, tokenId: id, actorId, tokenHash: hashApiToken(secret) };
    await decide(this.store, context, {
      type: 'IssueApiToken',
      ...token,
      granted,
      issuerId: context.tokenId,
      at: new Date().toISOString(),
    });
    return { id, secret };
  }
}

@CommandHandler(RotateApiToken)
export class RotateApiTokenHandler implements ICommandHandler<RotateApiToken> {
  constructor(
    private readonly store: EventStore,
    private readonly lookup: TokenLookup,
  ) {}

  async execute({ context, id, overlapSeconds, granted }: RotateApiToken): Promise<TokenSecret> {
    const secret = mintApiToken();
    const now = Date.now();
    await decide(this.store, context, {
      type: 'RotateApiToken',
      tokenId: id,
      tokenHash: hashApiToken(secret),
      previousUntil: new Date(now + overlapSeconds * 1000).toISOString(),
      granted,
      at: new Date(now).toISOString(),
    });
    this.lookup.forget(id);
    return { id, secret };
  }
}

@CommandHandler(RevokeApiToken)
export class RevokeApiTokenHandler implements ICommandHandler<RevokeApiToken> {
  constructor(
    private readonly store: EventStore,
    private readonly lookup: TokenLookup,
  ) {}

  async execute({ context, id, granted }: RevokeApiToken): Promise<void> {
    await decide(this.store, context, { type: 'RevokeApiToken', tokenId: id, granted });
    this.lookup.forget(id);
  }
}

async function decide(store: EventStore, context: WriteContext, command: ApiTokenCommand): Promise<void> {
  const { organizationId: id } = context;
  await store.execute(organizationStream, id, context, (state) => decideOrganization({ ...command, id }, state));
}
