import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { Database } from '#libs/database/database.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { command } from '#libs/platform/messages.js';
import { type Scope } from '#libs/platform/scopes.js';
import { type ApiTokenCommand, type IssuedToken, type Issuer } from './api-token.rules.js';
import { apiTokenStream, issuerOf, mayIssue, tokensInForce } from './api-token.stream.js';
import { TokenLookup } from './token-lookup.js';
import { hashApiToken, mintApiToken } from './token-secret.js';

/** A token's id, and its secret, which cannot be read again. */
export interface TokenSecret {
  id: string;
  secret: string;
}

/** The fields of a token that its issuer chooses. */
export type TokenChoices = Pick<IssuedToken, 'name' | 'scopes' | 'expiresAt' | 'rateLimit'>;

/** The scopes of an operator on the server itself. */
const EVERYTHING: readonly Scope[] = ['admin'];

/** Issues a token that acts for the context's actor. @param granted the scopes of the issuer */
export class IssueApiToken extends command<
  { context: WriteContext; choices: TokenChoices; granted?: readonly Scope[]; secret?: string },
  TokenSecret
>() {}

/**
 * Gives a token a new secret. The current one works until the overlap ends, and earlier ones until their own overlap
 * ends.
 */
export class RotateApiToken extends command<
  { context: WriteContext; id: string; overlapSeconds: number; granted?: readonly Scope[] },
  TokenSecret
>() {}

/** Revokes a token. It is refused immediately in this process, and within seconds in others. */
export class RevokeApiToken extends command<{ context: WriteContext; id: string; granted?: readonly Scope[] }>() {}

@CommandHandler(IssueApiToken)
export class IssueApiTokenHandler implements ICommandHandler<IssueApiToken> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  /** Takes two round trips, however many tokens there are. */
  async execute({
    context,
    choices,
    granted = EVERYTHING,
    secret = mintApiToken(),
  }: IssueApiToken): Promise<TokenSecret> {
    const id = randomUUIDv7();
    const { actorId, organizationId, tokenId: issuerId } = context;
    const expiresAt = choices.expiresAt && new Date(choices.expiresAt).toISOString();
    const token = { ...choices, expiresAt, tokenId: id, actorId, tokenHash: hashApiToken(secret) };
    const at = new Date().toISOString();
    await this.store.retrying(async () => {
      const conditions = await this.#conditions(organizationId, issuerId, at);
      const command = { type: 'IssueApiToken', ...token, granted, ...conditions, at } as const;
      const guards = mayIssue(organizationId, issuerId, at);
      await this.store.handle(apiTokenStream, id, context, command, () => guards);
    });
    return { id, secret };
  }

  /** Returns the conditions of issuing that lie outside of the token itself. */
  async #conditions(organizationId: string, issuerId: string | undefined, at: string) {
    const [counted, found] = await this.database.transact(organizationId, [
      tokensInForce(organizationId, at),
      ...(issuerId === undefined ? [] : [issuerOf(organizationId, issuerId)]),
    ]);
    const [issuer] = (found?.rows ?? []) as IssuerRow[];
    return { inForce: (counted?.rows[0] as { count: number }).count, issuer: issuer && asIssuer(issuer) };
  }
}

@CommandHandler(RotateApiToken)
export class RotateApiTokenHandler implements ICommandHandler<RotateApiToken> {
  constructor(
    private readonly store: EventStore,
    private readonly lookup: TokenLookup,
  ) {}

  async execute({ context, id, overlapSeconds, granted = EVERYTHING }: RotateApiToken): Promise<TokenSecret> {
    const secret = mintApiToken();
    const now = Date.now();
    await change(this.store, context, {
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

  async execute({ context, id, granted = EVERYTHING }: RevokeApiToken): Promise<void> {
    await change(this.store, context, { type: 'RevokeApiToken', tokenId: id, granted });
    this.lookup.forget(id);
  }
}

async function change(store: EventStore, context: WriteContext, command: ApiTokenCommand): Promise<void> {
  await store.handle(apiTokenStream, command.tokenId, context, command);
}

interface IssuerRow {
  scopes: Scope[];
  expires_at: Date | null;
  revoked_at: Date | null;
}

function asIssuer({ scopes, expires_at, revoked_at }: IssuerRow): Issuer {
  return { scopes, revoked: revoked_at !== null, ...(expires_at && { expiresAt: expires_at.toISOString() }) };
}
