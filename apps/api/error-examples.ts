import { type OpenAPIObject } from '@nestjs/swagger';
import { EXAMPLE_INSTANT } from '#libs/http/instant-fields.js';
import { notFound } from '#libs/platform/domain-error.js';
import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { scopeOf } from '#libs/platform/scopes.js';
import { type Resource } from '#libs/resources/resource.js';
import { RESOURCES } from '#libs/resources/resources.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Parameters = NonNullable<Operation['parameters']>;
type Parameter = Exclude<Parameters[number], { $ref: string }>;

/** The names of entities, by the path parameter that identifies them. */
const ENTITIES = new Map<string, string>([
  ...RESOURCES.flatMap(({ entity }: Resource) => (entity ? [[entity.id, entity.name] as const] : [])),
  ['contactEndpointId', 'Contact endpoint'],
  ['requestId', 'Anonymization request'],
  ['csid', 'Waiting conversation'],
]);

/** The same for operations whose path identifies no entity: the entity that the body refers to, with its id. */
const REFERENCES: Record<string, [entity: string, id: string]> = {
  '/v1/conversations': ['End user', EXAMPLE_IDS.endUser],
  '/v1/webhooks': ['Queue', EXAMPLE_IDS.queue],
};

/** Adds examples to the errors of each operation: messages that the server really sends for it. */
export function exampleErrors({ paths }: OpenAPIObject): void {
  for (const [path, item] of Object.entries(paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      const operation = item[method];
      if (!operation) continue;
      example(operation, '400', 'invalid', messageOfInvalid(operation));
      example(operation, '403', 'forbidden', `The API token lacks the scope ${scopeOf(method.toUpperCase(), path)}`);
      const missing = messageOfMissing(path, operation);
      if (missing) example(operation, '404', 'not-found', missing);
    }
  }
}

function example({ responses }: Operation, status: string, code: string, message: string): void {
  const response = responses[status];
  if (!response || '$ref' in response) return;
  const content = response.content?.['application/json'];
  if (content) content.example = { message, code, requestId: EXAMPLE_IDS.request };
}

/**
 * The first entity of the path is checked first. Lists document a 404 only because the public API does, so they have no
 * example.
 */
function messageOfMissing(path: string, { parameters = [] }: Operation): string | undefined {
  const [parameter] = parametersIn('path', parameters);
  if (!parameter) return REFERENCES[path] && notFound(...REFERENCES[path]).message;
  const name = ENTITIES.get(parameter.name);
  const { example } = parameter.schema as { example?: unknown };
  return name === undefined ? undefined : notFound(name, String(example)).message;
}

function messageOfInvalid({ parameters = [], requestBody }: Operation): string {
  const body = requestBody && 'content' in requestBody ? requestBody : undefined;
  if (body?.required) return 'Invalid value for: body (must be a JSON object, but is missing)';
  const [inPath] = parametersIn('path', parameters).filter((one) => faultOf(one) !== undefined);
  if (inPath) return `Invalid value for: path parameter ${inPath.name} (${faultOf(inPath)})`;
  if (body) return 'Invalid value for: body (must be a JSON array, or an object with it as data)';
  const [required] = parametersIn('query', parameters).filter((one) => one.required);
  if (required) return `Invalid value for: query parameter ${required.name} (must be a string, but is missing)`;
  const [inQuery] = parametersIn('query', parameters).filter((one) => faultOf(one) !== undefined);
  if (inQuery) return `Invalid value for: query parameter ${inQuery.name} (${faultOf(inQuery)})`;
  return 'Invalid value for: query parameter x (contains a %-sequence that is not UTF-8)';
}

function parametersIn(place: string, parameters: Parameters): Parameter[] {
  return parameters.filter((one): one is Parameter => 'in' in one && one.in === place);
}

/** Returns why the value `x` of a parameter is refused; undefined if it is accepted, or if that is unknown. */
function faultOf({ schema, in: place }: Parameter): string | undefined {
  if (!schema || '$ref' in schema) return undefined;
  const { type, format, minimum, maximum } = schema;
  if (format === 'uuid') return 'must be a UUID';
  if (format === 'date-time') return `must be an instant such as ${EXAMPLE_INSTANT}`;
  if (type === 'boolean') return 'must be true or false';
  if (type !== 'integer') return undefined;
  return place === 'path' ? 'must be a positive whole number' : `must be a whole number from ${minimum} to ${maximum}`;
}
