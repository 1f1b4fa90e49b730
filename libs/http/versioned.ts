import { hash } from 'node:crypto';
import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Database } from '#libs/database/database.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { canonicalId } from './canonical-id.js';
import { isKnown } from './entity-tags.js';
import { OperationConfig } from './operation-config.js';
import { streamOf, Preconditions, type EntityRef } from './preconditions.js';
import { type AuthenticatedRequest } from './request-context.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Tracks what the request does to entities; to one entity, where its operation is {@link Versioned}. */
    preconditions: Preconditions;
  }
  interface FastifyContextConfig {
    versioned?: VersionedEntity;
  }
}

interface VersionedEntity {
  category: string;
  /** Whether the rows that are read contain the version. */
  hasRow: boolean;
  /** The path parameter that names the entity; absent when the operation creates an entity. */
  parameter?: string;
  named: 'by id' | 'otherwise';
  answers: 'it' | 'other';
}

/** Marks such operations in the document until their headers are added. */
export const VERSIONED_EXTENSION = 'x-versioned';

/**
 * Declares an operation on a single entity whose version is that of its stream: it answers an ETag, and takes
 * If-None-Match or If-Match.
 * @param parameter the path parameter that names the entity; absent where the operation creates an entity
 * @param named whether the parameter is the id of the entity's stream, or a value to look up the entity by
 * @param answers whether it answers the entity, or something else such as a part of it
 */
export function Versioned(
  { category, row }: AnyStreamDefinition,
  parameter?: string,
  { named = 'by id', answers = 'it' }: Partial<Pick<VersionedEntity, 'named' | 'answers'>> = {},
): MethodDecorator {
  const versioned: VersionedEntity = { category, hasRow: row !== undefined, parameter, named, answers };
  return applyDecorators(
    OperationConfig({ versioned }),
    ApiExtension(VERSIONED_EXTENSION, parameter === undefined ? 'created' : 'named'),
  );
}

/** Whether a request only reads. */
export function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/**
 * Returns the versions of entities as ETags where operations are {@link Versioned}, and 304 to clients that have them.
 */
export function answerVersions(fastify: FastifyInstance, database: Database): void {
  fastify.decorateRequest('preconditions');
  fastify.addHook('preHandler', (request, _reply, done) => {
    const { versioned } = request.routeOptions.config;
    const entity = versioned && entityOf(request, versioned);
    request.preconditions = new Preconditions(entity);
    const { caller } = request as Partial<AuthenticatedRequest>;
    if (caller) caller.observer = request.preconditions;
    if (!caller || !entity || !isRead(request) || versioned.hasRow) {
      done();
      return;
    }
    // The version must be read before the answer, which may then be newer.
    versionOf(database, caller.organizationId, streamOf(entity)).then((version) => {
      request.preconditions.version = version;
      done();
    }, done);
  });
  fastify.addHook('preSerialization', (request, _reply, answer, done) => {
    // Undefined if the request failed before.
    (request.preconditions as Preconditions | undefined)?.shown(answer);
    done(null, answer);
  });
  fastify.addHook('onSend', (request, reply, payload, done) => {
    done(null, request.routeOptions.config.versioned ? tagged(request, reply, payload) : payload);
  });
}

/** Whether a request asks for a state of the past. */
export function asksForPast({ query }: FastifyRequest): boolean {
  return (query as Record<string, unknown>).asOf !== undefined;
}

/** Returns undefined for reads of the past, which have no ETag, and for paths whose id cannot be an entity's. */
function entityOf(request: FastifyRequest, { category, parameter, named }: VersionedEntity): EntityRef | undefined {
  if (isRead(request) && asksForPast(request)) return undefined;
  if (parameter === undefined) return { category };
  if (named === 'otherwise') return { category, namedOtherwise: true };
  const id = canonicalId((request.params as Record<string, string>)[parameter] ?? '');
  return /^[\w-]{1,64}$/.test(id) ? { category, id } : undefined;
}

async function versionOf(database: Database, organizationId: string, stream: string): Promise<number | undefined> {
  const [newest] = await database.query<{ version: number }>(organizationId, {
    text: 'SELECT version FROM events WHERE organization_id = $1 AND stream = $2 ORDER BY version DESC LIMIT 1',
    values: [organizationId, stream],
  });
  return newest?.version;
}

/** Adds the ETag. Its digest identifies the representation, which may also show data of other streams. */
function tagged(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  const { version } = (request.preconditions as Preconditions | undefined) ?? {};
  if (version === undefined || reply.statusCode >= 300) return payload;
  const whole =
    request.routeOptions.config.versioned?.answers === 'it' && typeof payload === 'string' && payload !== '';
  const etag = whole ? `"${version}-${hash('sha256', payload, 'hex').slice(0, 16)}"` : `"${version}"`;
  reply.header('etag', etag);
  const known = request.headers['if-none-match'];
  if (known === undefined || request.method !== 'GET' || !isKnown(etag, known)) return payload;
  reply.code(304).removeHeader('content-type').removeHeader('content-length');
  return null;
}
