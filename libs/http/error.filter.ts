import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { DomainError, type DomainErrorKind } from '#libs/platform/domain-error.js';
import { type Routes } from './routes.js';

/** The HTTP statuses of the domain's kinds of error. This is the only place that maps them. */
const STATUS: Record<DomainErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'precondition-failed': 412,
  'too-large': 413,
  'uri-too-long': 414,
  'unsupported-media-type': 415,
  unprocessable: 422,
  'too-many-requests': 429,
  unavailable: 503,
};

/** The body of every error. Clients rely on `message` alone. */
export interface ErrorBody {
  message: string;
  code: string;
  requestId: string;
  faults?: { path: string; message: string }[];
  mergedInto?: string;
}

interface Refusal {
  status: number;
  code: string;
  message: string;
}

/** What a server's errors tell besides. */
export interface ErrorAdvice {
  /** How to authenticate: the value of `WWW-Authenticate`. */
  challenge: string;
  /** Where existing paths are listed, if anywhere. */
  index?: string;
}

const OF_API: ErrorAdvice = { challenge: 'Bearer realm="deskstream"', index: '/docs' };

/** Errors of Fastify itself, before a controller runs. */
const FASTIFY_REFUSALS: Record<string, DomainError> = {
  FST_ERR_BAD_URL: new DomainError('invalid', 'The URL contains a %-sequence that is not UTF-8'),
  FST_ERR_CTP_BODY_TOO_LARGE: new DomainError('too-large', 'The body is larger than 1 MB'),
};

/** Answers every error of every request. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger('Http');

  constructor(
    private readonly routes: Routes,
    private readonly advice = OF_API,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const known = this.#known(error, request);
    const { status, ...refusal } = known ? refusalOf(known) : otherRefusal(error);
    const { faults, mergedInto, retryAfterSeconds, currentVersion, methods } = known?.details ?? {};
    if (retryAfterSeconds) void reply.header('retry-after', retryAfterSeconds);
    if (currentVersion !== undefined) void reply.header('etag', `"${currentVersion}"`);
    if (methods) void reply.header('allow', methods.join(', '));
    if (status === 401) void reply.header('www-authenticate', this.advice.challenge);
    if (status >= 500) this.#log(status, error, request);
    const more = { ...(faults && { faults }), ...(mergedInto && { mergedInto }) };
    const body: ErrorBody = { ...refusal, requestId: request.id, ...more };
    void reply.status(status).send(body);
  }

  #known(error: unknown, request: FastifyRequest): DomainError | undefined {
    if (error instanceof DomainError) return error;
    const original = error instanceof HttpException ? error.cause : error;
    const { code = '' } = (original ?? {}) as { code?: string };
    return FASTIFY_REFUSALS[code] ?? (statusOf(error) === 404 ? this.#unknownRoute(request) : undefined);
  }

  #unknownRoute({ url, method }: FastifyRequest): DomainError {
    const methods = this.routes.methodsOf(url);
    if (methods.length === 0 || methods.includes(method)) {
      const { index } = this.advice;
      return new DomainError('not-found', `There is no ${url.split('?', 1)[0]}${index ? `; see ${index}` : ''}`);
    }
    const message = `${method} is not possible here, only ${methods.join(', ')}`;
    return new DomainError('method-not-allowed', message, { methods });
  }

  #log(status: number, error: unknown, { id, method, url }: FastifyRequest): void {
    const entry = {
      err: error,
      requestId: id,
      method,
      path: url.split('?', 1)[0],
      status,
    };
    if (status === 500) this.#logger.error(entry, 'Request failed');
    else this.#logger.warn(entry, 'Request could not be served at the moment');
  }
}

function refusalOf({ kind, message }: DomainError): Refusal {
  return { status: STATUS[kind], code: kind, message };
}

function otherRefusal(error: unknown): Refusal {
  const status = statusOf(error);
  if (status >= 400 && status < 500) return { status, code: 'invalid', message: (error as Error).message };
  return { status: 500, code: 'internal', message: 'Internal failure during request processing' };
}

/** Returns the status that Nest or Fastify gives an error. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  return ((error ?? {}) as { statusCode?: number }).statusCode ?? 500;
}
