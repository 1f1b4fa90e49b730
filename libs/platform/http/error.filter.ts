import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { DomainError, type DomainErrorKind } from '../domain-error.js';

/** The one place where the domain's kinds of error become HTTP statuses. */
const STATUS: Record<DomainErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  unavailable: 503,
};

/** What every error answers; clients rely on `message` alone. */
export interface ErrorBody {
  message: string;
  code: string;
  requestId: string;
  faults?: { path: string; message: string }[];
}

interface Refusal {
  status: number;
  code: string;
  message: string;
}

/** Messages for what Fastify refuses before any controller sees it. */
const FASTIFY_REFUSALS: Record<string, Refusal> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'unsupported-media-type',
    message: 'Send the body as application/json (header Content-Type)',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, code: 'too-large', message: 'The body is larger than 1 MB' },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    status: 400,
    code: 'invalid',
    message: 'Invalid value for: body (it is empty, but Content-Type says application/json)',
  },
};

@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { status, code, message } = refusalOf(error);
    if (status === 500) this.#logger.error({ err: error, requestId: request.id, url: request.url }, 'Request failed');
    const body: ErrorBody = { message, code, requestId: request.id };
    if (error instanceof DomainError) {
      const { faults, retryAfterSeconds } = error.details;
      if (faults) body.faults = faults;
      if (retryAfterSeconds) void reply.header('retry-after', retryAfterSeconds);
      if (status === 503) this.#logger.warn({ err: error.cause ?? error, requestId: request.id }, message);
    }
    if (status === 401) void reply.header('www-authenticate', 'Bearer realm="deskstream"');
    void reply.status(status).send(body);
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof DomainError) return { status: STATUS[error.kind], code: error.kind, message: error.message };
  if (error instanceof HttpException) {
    return { status: error.getStatus(), code: 'refused', message: error.message };
  }
  const { code = '', statusCode, message } = error as { code?: string; statusCode?: number; message: string };
  const known = FASTIFY_REFUSALS[code];
  if (known) return known;
  if (statusCode && statusCode >= 400 && statusCode < 500) return { status: statusCode, code: 'invalid', message };
  return { status: 500, code: 'internal', message: 'Internal failure during request processing' };
}
