import { type OpenAPIObject } from '@nestjs/swagger';
import { NotProcessed, PreconditionFailed } from '#libs/http/endpoint.js';
import { REPEATABLE_EXTENSION } from '#libs/http/methods.js';
import { VERSIONED_EXTENSION } from '#libs/http/versioned.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Responses = Operation['responses'];

/** Schemas that only {@link documentRetries} refers to. */
export const RETRY_MODELS = [NotProcessed, PreconditionFailed];

const ETAG = {
  description: 'The version of the entity and a digest of its representation, for If-Match and If-None-Match.',
  schema: { type: 'string' as const },
  example: '"7-4a7d1ed414474e40"',
};
const header = (name: string, description: string, example: string, maxLength?: number) => ({
  name,
  in: 'header' as const,
  required: false,
  description,
  // In the schema, because Swagger UI would send an example of the parameter.
  schema: { type: 'string' as const, ...(maxLength !== undefined && { minLength: 1, maxLength }), examples: [example] },
});
const IDEMPOTENCY_KEY = header(
  'Idempotency-Key',
  'Makes the request safe to repeat: requests with the same key are executed once within 24 hours, and repetitions get ' +
    'the same answer with `idempotent-replayed: true`. Printable ASCII, new for each request.',
  '7d9f1c52-8a0e-4c1b-9d57-3e2b6f0a4c11',
  255,
);
const IF_MATCH = header(
  'If-Match',
  'Changes the entity only if it still has this version; otherwise the answer is 412. The value is an ETag as the server sent it, a version in quotes, or `*`.',
  '"7"',
);
const IF_NONE_MATCH = header(
  'If-None-Match',
  'If the ETag is still the same, the answer is 304 without a body.',
  ETAG.example,
);

/** Documents what all writing operations have in common, and all operations on one entity with an ETag. */
export function documentRetries(document: OpenAPIObject): void {
  for (const { get, post, put, patch, delete: remove } of Object.values(document.paths)) {
    for (const operation of [get, post, put, patch, remove]) {
      if (operation) documentOperation(operation, operation === get);
    }
  }
}

interface Marks {
  [VERSIONED_EXTENSION]?: string;
  [REPEATABLE_EXTENSION]?: boolean;
}

function documentOperation(operation: Operation & Marks, reads: boolean): void {
  const versioned = operation[VERSIONED_EXTENSION];
  const repeatable = operation[REPEATABLE_EXTENSION];
  for (const mark of [VERSIONED_EXTENSION, REPEATABLE_EXTENSION]) Reflect.deleteProperty(operation, mark);
  const conditional = versioned === 'named';
  operation.parameters = [
    ...(operation.parameters ?? []),
    ...(repeatable ? [IDEMPOTENCY_KEY] : []),
    ...(conditional ? [reads ? IF_NONE_MATCH : IF_MATCH] : []),
  ];
  const { responses } = operation;
  if (versioned) answerEtag(responses);
  if (conditional && reads) responses['304'] = { description: 'The entity has not changed.', headers: { ETag: ETAG } };
  if (conditional && !reads) {
    responses['412'] = {
      ...failure('The entity does not have the expected version.', PreconditionFailed),
      headers: { ETag: ETAG },
    };
  }
  if (!repeatable) return;
  responses['409'] ??= failure('The first request with this Idempotency-Key is still being processed.', {
    name: 'Conflict',
  });
  responses['422'] = failure('The Idempotency-Key was used for another request.', NotProcessed);
}

function answerEtag(responses: Responses): void {
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
  if (success && !('$ref' in success)) success.headers = { ...success.headers, ETag: ETAG };
}

function failure(description: string, { name }: { name: string }) {
  return { description, content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } } };
}
