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
    /** What the request does to entities; about one, where its operation is {@link Versioned}. */
    preconditions: Preconditions;
  }
  interface FastifyContextConfig {
    versioned?: VersionedEntity;
  }
}

interface VersionedEntity {
  category: string;
  /** Whether what is read tells its version. */
  hasRow: boolean;
  /** The path parameter with the entity's id; absent when the operation makes a new one. */
  parameter?: string;
  answers: 'it' | 'other';
}

/** What the document knows such an operation by, until its headers are added. */
export const VERSIONED_EXTENSION = 'x-versioned';

/**
 * An operation on a single entity whose version is that of its stream: it answers an ETag, and takes If-None-Match or
 * If-Match.
 * @param parameter the path parameter with the entity's id; left out where the operation makes a new entity
 * @param answers whether it answers the entity, or something else such as a part of it
 */
export function Versioned(
  { category, row }: AnyStreamDefinition,
  parameter?: string,
  { answers = 'it' }: { answers?: 'it' | 'other' } = {},
): MethodDecorator {
  const versioned: VersionedEntity = { category, hasRow: row !== undefined, parameter, answers };
  return applyDecorators(
    OperationConfig({ versioned }),
    ApiExtension(VERSIONED_EXTENSION, parameter === undefined ? 'created' : 'named'),
  );
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Watches what requests do, and answers versions as ETags where operations are {@link Versioned}; 304 to those who know. */
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
    // Before what is answered, which may be newer, is read.
    versionOf(database, caller.organizationId, streamOf(entity)).then((version) => {
      request.preconditions.version = version;
      done();
    }, done);
  });
  fastify.addHook('preSerialization', (request, _reply, answer, done) => {
    // An error may have come before.
    (request.preconditions as Preconditions | undefined)?.shown(answer);
    done(null, answer);
  });
  fastify.addHook('onSend', (request, reply, payload, done) => {
    done(null, request.routeOptions.config.versioned ? tagged(request, reply, payload) : payload);
  });
}

/** Undefined when the request asks about the past, which has no ETag, or its path names what is no id of an entity. */
function entityOf(request: FastifyRequest, { category, parameter }: VersionedEntity): EntityRef | undefined {
  if (isRead(request) && (request.query as Record<string, unknown>).asOf !== undefined) return undefined;
  if (parameter === undefined) return { category };
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

/** The digest makes the ETag that of a representation, which also shows what other streams say. */
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
