import { hash } from 'node:crypto';
import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtension } from '@nestjs/swagger';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Database } from '../database.js';
import { Watched } from '../watched.js';
import { canonicalId } from './canonical-id.js';
import { isKnown } from './entity-tags.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The one entity that the request is about, where its operation is {@link Versioned}. */
    watched: Watched | null;
  }
  interface FastifyContextConfig {
    versioned?: VersionedEntity;
  }
}

interface VersionedEntity {
  category: string;
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
  { category }: { category: string },
  parameter?: string,
  { answers = 'it' }: { answers?: 'it' | 'other' } = {},
): MethodDecorator {
  const versioned: VersionedEntity = { category, parameter, answers };
  return applyDecorators(
    RouteConfig({ versioned }),
    ApiExtension(VERSIONED_EXTENSION, parameter === undefined ? 'created' : 'named'),
  );
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Finds versions out for operations that are {@link Versioned}, and answers them as ETags; or 304 to those who know. */
export function answerVersions(fastify: FastifyInstance, database: Database): void {
  fastify.decorateRequest('watched', null);
  fastify.addHook('preHandler', (request, _reply, done) => {
    const { versioned } = request.routeOptions.config;
    const watched = versioned && watchedBy(request, versioned);
    if (!watched) {
      done();
      return;
    }
    request.watched = watched;
    database.watching(watched, done);
  });
  fastify.addHook('onSend', (request, reply, payload, done) => {
    done(null, request.watched ? tagged(request, reply, payload) : payload);
  });
}

/** Undefined when the request asks about the past, which has no ETag, or its path names what is no id of an entity. */
function watchedBy(request: FastifyRequest, { category, parameter }: VersionedEntity): Watched | undefined {
  if (isRead(request) && (request.query as Record<string, unknown>).asOf !== undefined) return undefined;
  if (parameter === undefined) return new Watched(category, undefined, isRead(request));
  const text = (request.params as Record<string, string>)[parameter] ?? '';
  const id = canonicalId(text);
  return /^[\w-]{1,64}$/.test(id) ? new Watched(category, id, isRead(request)) : undefined;
}

/** The digest makes the ETag that of a representation, which also shows what other streams say. */
function tagged(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  const version = request.watched?.version;
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
