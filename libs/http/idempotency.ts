import { type FastifyInstance, type FastifyReply } from 'fastify';
import { hash } from 'node:crypto';
import { type Database } from '#libs/database/database.js';
import { Contended } from '#libs/database/unavailable.js';
import { type Cipher } from '#libs/platform/cipher.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { Places } from '#libs/platform/places.js';
import { expectedVersions } from './entity-tags.js';
import { type KeptRow, type KeyedRequest, keepRequest, keptRequest, takeKey } from './idempotency-keys.js';
import { type AuthenticatedRequest } from './request-context.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Carries out a request under an Idempotency-Key once; undefined for requests without a key. */
    once?: (work: Work) => Promise<unknown>;
  }
  interface FastifyContextConfig {
    /** Whether the operation takes Idempotency-Key and If-Match. */
    repeatable?: boolean;
  }
}

/** Carries out a request, and returns the body of its answer. */
type Work = () => Promise<unknown>;

/** A stored answer. */
interface KeptAnswer {
  status: number;
  /** The version at which the request left its entity, where the operation is versioned. */
  version?: number;
  body?: unknown;
}

const KEY = /^[\x20-\x7e]{1,255}$/;
/** Maximum number of attempts at a request after deadlocks. */
const ATTEMPTS = 3;
/** Places for bulk requests under keys: one at a time for each organization in this process. */
const bulks = new Places({
  places: Infinity,
  most: 1,
  withinMs: 10_000,
  refusal: 'Another bulk request of the organization with an Idempotency-Key is under way; send this one again later',
});
/** Maximum length of a kept answer, as JSON text. */
const MAX_ANSWER_LENGTH = 1024 * 1024;

/**
 * Makes writes safe to repeat: `Idempotency-Key` and `If-Match`. Requests without either have no extra cost. It is a hook
 * and not an interceptor of Nest, because Nest spends a sixth of a small write on the observables around one.
 */
export function repeatSafely(fastify: FastifyInstance, database: Database, cipher: Cipher): void {
  const idempotency = new Idempotency(database, cipher);
  fastify.decorateRequest('once');
  fastify.addHook('preHandler', (request, reply, done) => {
    if (request.routeOptions.config.repeatable) idempotency.prepare(request as AuthenticatedRequest, reply);
    done();
  });
}

class Idempotency {
  constructor(
    private readonly database: Database,
    private readonly cipher: Cipher,
  ) {}

  /** Takes the headers of a write. @throws {DomainError} `invalid` */
  prepare(request: AuthenticatedRequest, reply: FastifyReply): void {
    const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch, 'idempotency-key': key } = request.headers;
    if (ifNoneMatch !== undefined) throw refusedHeader('If-None-Match', 'it applies to reads only');
    if (ifMatch !== undefined) expectVersions(request, ifMatch);
    if (key === undefined) return;
    const keyed = keyedRequest(request, String(key));
    request.once = (work) => {
      const turn = () => this.#retried(keyed, request, reply, work);
      // A request holds no connection while it waits for its turn.
      return request.routeOptions.config.bulk ? bulks.with(keyed.organizationId, turn) : turn();
    };
  }

  /** Repeats a transaction after a deadlock, a few times: it has changed nothing. */
  async #retried(keyed: KeyedRequest, request: AuthenticatedRequest, reply: FastifyReply, work: Work) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(keyed, request, reply, work);
      } catch (error) {
        if (!(error instanceof Contended) || attempt === ATTEMPTS) throw error;
        const { 'if-match': ifMatch } = request.headers;
        if (ifMatch !== undefined) expectVersions(request, ifMatch);
      }
    }
  }

  /**
   * Executes the request and keeps its answer in one transaction, or returns the kept answer.
   * @throws {DomainError} `conflict`, `unprocessable`; after any other error, nothing is kept
   */
  async #once(keyed: KeyedRequest, request: AuthenticatedRequest, reply: FastifyReply, work: Work) {
    const opening = [takeKey(keyed), keptRequest(keyed)];
    return this.database.inUnit(keyed.organizationId, opening, async (unit, [lock, found]) => {
      if (!(lock?.rows[0] as { taken: boolean }).taken) throw stillUnderWay();
      const kept = found?.rows[0] as KeptRow | undefined;
      if (kept) return this.#replay(keyed, kept, request, reply);
      const body = await work();
      request.preconditions.shown(body);
      const { version } = request.preconditions;
      const answer = JSON.stringify({ status: reply.statusCode, version, body } satisfies KeptAnswer);
      const sealed = answer.length > MAX_ANSWER_LENGTH ? null : this.cipher.seal(answer, contextOf(keyed));
      unit.closing.push(keepRequest(keyed, sealed, [...request.preconditions.personalStreams]));
      return body;
    });
  }

  #replay(keyed: KeyedRequest, kept: KeptRow, request: AuthenticatedRequest, reply: FastifyReply): unknown {
    if (kept.fingerprint !== '' && kept.fingerprint !== keyed.fingerprint) throw keyOfAnother();
    if (kept.answer === null) throw notKept();
    const { status, version, body } = JSON.parse(this.cipher.open(kept.answer, contextOf(keyed))) as KeptAnswer;
    request.preconditions.version = version;
    void reply.status(status).header('idempotent-replayed', 'true');
    return body;
  }
}

function expectVersions({ preconditions, routeOptions }: AuthenticatedRequest, ifMatch: string): void {
  const versions = expectedVersions(ifMatch);
  if (routeOptions.config.versioned?.parameter === undefined) {
    throw refusedHeader('If-Match', 'the operation has no entity with an ETag');
  }
  if (versions) preconditions.expect(versions);
}

function keyedRequest({ caller, method, url, body }: AuthenticatedRequest, key: string): KeyedRequest {
  const { organizationId, tokenId } = caller;
  if (!KEY.test(key)) {
    throw refusedHeader('Idempotency-Key', 'must be 1 to 255 printable ASCII characters');
  }
  if (tokenId === undefined) throw new Error('A request under a key without a token');
  const fingerprint = hash('sha256', JSON.stringify([method, url, body ?? null]), 'hex');
  return { organizationId, tokenId, key, fingerprint };
}

/** Returns the context that an answer is sealed for. */
function contextOf({ organizationId, tokenId, key }: KeyedRequest): string {
  return `${organizationId}|${tokenId}|${key}|answer`;
}

function refusedHeader(name: string, why: string): DomainError {
  return new DomainError('invalid', `Invalid value for: header ${name} (${why})`);
}

function stillUnderWay(): DomainError {
  return new DomainError('conflict', 'The first request with this Idempotency-Key is still being processed', {
    retryAfterSeconds: 1,
  });
}

function keyOfAnother(): DomainError {
  return new DomainError('unprocessable', 'This Idempotency-Key was used for another request; send a new key');
}

function notKept(): DomainError {
  const why = 'it was too long, or it contained data of a person who has been anonymized';
  return new DomainError(
    'conflict',
    `The request with this Idempotency-Key was executed, but its answer is not stored: ${why}`,
  );
}
