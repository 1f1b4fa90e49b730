import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Database } from '#libs/database/database.js';
import { type RateLimit } from '#libs/platform/rate-limits.js';
import { type Scope } from '#libs/platform/scopes.js';
import { sameHash } from './token-secret.js';

/** The identity that a secret stands for, with its limits. The caller must check whether the secret is still valid. */
export interface TokenIdentity {
  organizationId: string;
  tokenId: string;
  actorId: string;
  scopes: Scope[];
  /** Time of expiry, in milliseconds since 1970; absent if the token does not expire. */
  expiresAt?: number;
  /** Time from which only the secret that replaced this one works, in milliseconds since 1970. */
  replacedAt?: number;
  revoked: boolean;
  /** The token's own limit, if it has one. */
  rateLimit?: RateLimit;
}

interface FoundToken {
  organization_id: string;
  id: string;
  actor_id: string;
  token_hash: string;
  scopes: Scope[];
  expires_at: Date | null;
  revoked_at: Date | null;
  replaced_at: Date | null;
  rate_per_second: number | null;
  rate_burst: number | null;
}

/** Finds tokens by the hashes of their secrets. */
@Injectable()
export class TokenLookup {
  /** Saves a round trip for each request. Changes by other processes take effect within the time to live. */
  readonly #known = new LRUCache<string, TokenIdentity>({ max: 10_000, ttl: 5_000 });
  /** Incremented by each change, so that a look-up that was in progress is not cached. */
  #changes = 0;

  constructor(private readonly database: Database) {}

  /** Returns the cached identity of a hash. */
  known(hash: string): TokenIdentity | undefined {
    return this.#known.get(hash);
  }

  /** Reads the identity of a hash. Takes one round trip. */
  async find(hash: string): Promise<TokenIdentity | undefined> {
    const changes = this.#changes;
    const look = { text: 'SELECT * FROM find_api_token($1)', values: [hash] };
    const [found] = await this.database.latest(() => this.database.query<FoundToken>(null, look));
    if (!found || !sameHash(found.token_hash, hash)) return undefined;
    const identity = identityOf(found);
    if (changes === this.#changes) this.#known.set(hash, identity);
    return identity;
  }

  /** Drops a token from the cache because it changes; in a unit of work, after the commit. */
  forget(tokenId: string): void {
    const { unit } = this.database;
    if (unit) {
      unit.afterCommit(() => {
        this.#drop(tokenId);
      });
    } else this.#drop(tokenId);
  }

  #drop(tokenId: string): void {
    this.#changes++;
    for (const [hash, identity] of this.#known.entries()) {
      if (identity.tokenId === tokenId) this.#known.delete(hash);
    }
  }
}

function identityOf(found: FoundToken): TokenIdentity {
  const { rate_per_second: perSecond, rate_burst: burst } = found;
  return {
    organizationId: found.organization_id,
    tokenId: found.id,
    actorId: found.actor_id,
    scopes: found.scopes,
    expiresAt: found.expires_at?.getTime(),
    replacedAt: found.replaced_at?.getTime(),
    revoked: found.revoked_at !== null,
    ...(perSecond !== null && burst !== null && { rateLimit: { perSecond, burst } }),
  };
}
