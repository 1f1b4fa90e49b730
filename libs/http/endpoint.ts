import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { applyDecorators, HttpCode, type Type } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiPropertyOptional, ApiResponse } from '@nestjs/swagger';
import { TellsIgnored } from './ignored-parameters.js';
import { MAX_IGNORED_LENGTH, MAX_IGNORED_PARAMETERS } from './limits.js';

class FaultOutput {
  @ApiProperty({ description: 'The path of the field.', example: 'authorization.username' })
  path: string;

  @ApiProperty({ description: 'Why the value was refused.', example: 'must be a string' })
  message: string;
}

/** Returns the body of an error status, under its own schema name. */
function errorOutput(name: string, code: string, message: string): Type {
  class Output {
    @ApiProperty({ description: 'The error message, for people.', example: message })
    message: string;

    @ApiPropertyOptional({ description: 'The kind of the error, for programs.', example: code })
    code?: string;

    @ApiPropertyOptional({
      description: 'The request id, as in the header X-Request-Id.',
      example: EXAMPLE_IDS.request,
    })
    requestId?: string;
  }
  return named(name, Output);
}

class BadRequest extends errorOutput('', 'invalid', 'Invalid value for: body (name must be a string)') {
  @ApiPropertyOptional({ description: 'The faulty fields.', type: [FaultOutput] })
  faults?: FaultOutput[];
}

const MISSING = `Tag ${EXAMPLE_IDS.tag} could not be found`;

class NotFound extends errorOutput('', 'not-found', MISSING) {
  @ApiPropertyOptional({
    description: 'The id of the end user that the requested one was merged into.',
    format: 'uuid',
    example: EXAMPLE_IDS.endUser,
  })
  mergedInto?: string;
}
export const PreconditionFailed = errorOutput(
  'PreconditionFailed',
  'precondition-failed',
  'It has changed since: read it again, and send its new ETag in If-Match',
);
export const NotProcessed = errorOutput(
  'NotProcessed',
  'unprocessable',
  'This Idempotency-Key was used for another request; send a new key',
);

/** The rate limit of the token, on every answer to it. See draft-ietf-httpapi-ratelimit-headers. */
const RATE_LIMIT_HEADERS = {
  'RateLimit-Policy': {
    description:
      'The rate limit of the token: the number of requests (q) in a window of seconds (w). Absent if there is no limit.',
    schema: { type: 'string' as const },
    example: '"default";q=200;w=2',
  },
  RateLimit: {
    description:
      'The number of requests left (r), and the seconds until there are more (t). Absent if there is no limit.',
    schema: { type: 'string' as const },
    example: '"default";r=199;t=2',
  },
};

const ERRORS = {
  400: {
    description: 'A parameter or the body is invalid.',
    type: BadRequest,
  },
  401: {
    description: 'The API token is missing or not valid.',
    type: errorOutput('Unauthorized', 'unauthenticated', 'Send an API token: Authorization: Bearer <token>'),
  },
  403: {
    description: 'The API token lacks the scope that the operation requires.',
    type: errorOutput('Forbidden', 'forbidden', 'The API token lacks the scope webhooks:write'),
  },
  404: {
    description: 'The entity does not exist in the organization of the token.',
    type: NotFound,
  },
  409: {
    description: 'The request conflicts with a concurrent change or with the state of the entity.',
    type: errorOutput('Conflict', 'conflict', 'Others are changing this entity; try again'),
  },
  429: {
    description: 'The API token has sent too many requests. Try again after the number of seconds in Retry-After.',
    type: errorOutput('TooManyRequests', 'too-many-requests', 'Too many requests; try again in 2 seconds'),
    headers: {
      ...RATE_LIMIT_HEADERS,
      'Retry-After': {
        description: 'The number of seconds, at least 1.',
        schema: { type: 'integer' as const, minimum: 1 },
        example: 2,
      },
    },
  },
  500: {
    description: 'The server failed. Its log has details under the request id.',
    type: errorOutput('ServerError', 'internal', 'Internal failure during request processing'),
  },
  503: {
    description: 'The database cannot be reached. Try again after the number of seconds in Retry-After.',
    type: errorOutput('Unavailable', 'unavailable', 'The database cannot be reached at the moment'),
  },
} as const;

/** Statuses that any operation can answer. */
const ALWAYS = [400, 401, 403, 429, 500, 503] as const;

interface EndpointOptions {
  summary: string;
  description: string;
  /** Replaces the operationId that follows from class and method. */
  operationId?: string;
  /** The status of success, its meaning, and its body: an object, or a bare array of objects. */
  success: [status: 200 | 201 | 202 | 204, description: string, body?: Type | [Type]];
  /** Errors beyond those that any operation can answer. */
  errors?: (404 | 409)[];
}

/** Declares an operation: its documentation and its success status. The operationId comes from class and method. */
export function Endpoint({
  summary,
  description,
  success: [status, meaning, body],
  errors = [],
  operationId,
}: EndpointOptions) {
  return applyDecorators(
    HttpCode(status),
    ApiOperation({ summary, description, ...(operationId && { operationId }) }),
    ApiResponse({ status, description: meaning, headers: RATE_LIMIT_HEADERS, ...(body && { type: body }) }),
    ...[...ALWAYS, ...errors].map((error) => ApiResponse({ status: error, ...ERRORS[error] })),
    ...(isList(body) ? [TellsIgnored()] : []),
  );
}

/** Returns the schema `{data: T}` under its own name. */
export function dataOutput<T>(name: string, type: Type<T>): Type<{ data: T }> {
  class Output {
    @ApiProperty({ description: 'The result.', type })
    data: T;
  }
  return named(name, Output);
}

/** Returns the schema `{data: T[]}` under its own name. */
export function arrayOutput<T>(name: string, type: Type<T>): Type<{ data: T[] }> {
  class Output {
    @ApiProperty({ description: 'The results.', type: [type] })
    data: T[];
  }
  return named(name, Output);
}

/** The metadata that any list may have. */
export class ListMeta {
  @ApiPropertyOptional({
    description: `Query parameters that the list does not know and has ignored. Absent if there are none; at most ${MAX_IGNORED_PARAMETERS}, each shortened to ${MAX_IGNORED_LENGTH} characters.`,
    type: 'array',
    items: { type: 'string', maxLength: MAX_IGNORED_LENGTH },
    maxItems: MAX_IGNORED_PARAMETERS,
    example: ['name'],
  })
  ignored?: string[];

  @ApiPropertyOptional({
    description: 'The known parameters that were probably meant by ignored ones. Absent if there are none.',
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { emial: 'email' },
  })
  didYouMean?: Record<string, string>;
}

/** The base class by which schemas of lists are recognized. */
class ListBody {
  data: unknown[];
}

/** Returns the schema `{data: T[], meta?: {ignored?}}` of a list, under its own name. */
export function listOutput<T>(name: string, type: Type<T>): Type<{ data: T[]; meta?: ListMeta }> {
  class Output extends ListBody {
    @ApiProperty({ description: 'The results.', type: [type] })
    override data: T[];

    @ApiPropertyOptional({ description: 'Metadata of the list.', type: ListMeta })
    meta?: ListMeta;
  }
  return named(name, Output);
}

function isList(body: EndpointOptions['success'][2]): boolean {
  return typeof body === 'function' && body.prototype instanceof ListBody;
}

class PaginationLinks extends ListMeta {
  @ApiPropertyOptional({
    description: 'The absolute URL of the previous page. Absent on the first page.',
    format: 'uri',
    example: 'http://localhost:3000/v1/endusers?pageKey=eyJiIjp0cnVlfQ',
  })
  previous?: string;

  @ApiPropertyOptional({
    description: 'The absolute URL of the next page. Absent on the last page.',
    format: 'uri',
    example: 'http://localhost:3000/v1/endusers?pageKey=eyJiIjpmYWxzZX0',
  })
  next?: string;
}

/** Returns the schema `{data: T[], meta: {previous?, next?, ignored?}}` of a paged list, under its own name. */
export function pageOutput<T>(name: string, type: Type<T>): Type<{ data: T[]; meta: PaginationLinks }> {
  class Output extends listOutput(name, type) {
    @ApiPropertyOptional({ description: 'Links to the other pages.', type: PaginationLinks })
    override meta: PaginationLinks;
  }
  return named(name, Output);
}

/** Gives a class the name under which the document shows its schema. */
export function named<T extends Type>(name: string, type: T): T {
  Object.defineProperty(type, 'name', { value: name });
  return type;
}
