import fc, { type Arbitrary } from 'fast-check';
import { jsonSchemaOf, type OpenApi, type Operation, type Parameter } from '../openapi/document.js';
import { Values } from './values.js';

/**
 * The sender: a member of the organization, nobody (no token), an impostor (an unknown token), an outsider (without
 * scopes), or a stranger (of another organization).
 */
export type Who = 'member' | 'nobody' | 'impostor' | 'outsider' | 'stranger';

/** A request whose ids are still to be filled in. */
export interface FuzzRequest {
  method: string;
  template: string;
  operation: Operation;
  who: Who;
  path: Record<string, unknown>;
  query: Record<string, unknown>;
  body?: unknown;
}

/** The kinds of ids in fields and parameters that have other names. */
const KINDS: Record<string, string> = {
  agentIds: 'agentId',
  cc: 'userId',
  bcc: 'userId',
  csid: 'conversationId',
  intoId: 'userId',
  parentId: 'conversationId',
  requesterId: 'userId',
};

const BROKEN_PATHS = ['x', '0', '-1', '\0', 'a/b', '9'.repeat(40), 'x'.repeat(300), '😀', 'null', "'"];
const BROKEN_QUERIES = [
  '',
  ' ',
  'x',
  '-1',
  '0',
  '1.5',
  '1e3',
  '9'.repeat(20),
  'null',
  'TRUE',
  'a\0b',
  'x'.repeat(5_000),
];

/** Returns requests to all operations of a document, except those that answer an endless stream of events. */
export function fuzzRequests(document: OpenApi): Arbitrary<FuzzRequest> {
  const parameters = new Set(pathParametersOf(document));
  const kindOf = (name: string) => KINDS[name] ?? (parameters.has(name) ? name : undefined);
  const requests = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => !JSON.stringify(operation.responses).includes('text/event-stream'))
      .map(([method, operation]) => ({
        // An entity must be created before it is deleted.
        weight: method === 'delete' ? 1 : 4,
        arbitrary: requestOf(method.toUpperCase(), template, operation, document, kindOf),
      })),
  );
  return fc.oneof(...requests);
}

function pathParametersOf(document: OpenApi): string[] {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  return operations.flatMap(({ parameters = [] }) =>
    parameters.filter((one) => one.in === 'path').map(({ name }) => name),
  );
}

function requestOf(
  method: string,
  template: string,
  operation: Operation,
  document: OpenApi,
  kindOf: (name: string) => string | undefined,
): Arbitrary<FuzzRequest> {
  const resource = new RegExp(`^${template.replace(/\/bulk$/, '')}/{(\\w+)}$`);
  const own = Object.keys(document.paths)
    .map((path) => resource.exec(path)?.[1])
    .find(Boolean);
  const values = new Values(document, (name) => (name === 'id' ? own : kindOf(name)));
  // A request that waits for events would only delay the others.
  const parameters = (operation.parameters ?? []).filter(({ name }) => name !== 'wait');
  const fields = (place: Parameter['in']) =>
    fc.record(
      Object.fromEntries(
        parameters.filter((one) => one.in === place).map(({ name, schema }) => [name, values.valid(schema, name)]),
      ),
      { requiredKeys: parameters.filter((one) => one.in === place && one.required).map(({ name }) => name) },
    );
  const schema = jsonSchemaOf(operation.requestBody);
  const valid: Arbitrary<FuzzRequest> = fc.record({
    method: fc.constant(method),
    template: fc.constant(template),
    operation: fc.constant(operation),
    who: who(),
    path: fields('path'),
    query: fields('query'),
    body: schema ? values.valid(schema) : fc.constant(undefined),
  });
  const broken = [
    ...(schema ? [fc.tuple(valid, values.broken(schema)).map(([request, body]) => ({ ...request, body }))] : []),
    ...brokenFields(valid, parameters, 'path', BROKEN_PATHS),
    ...brokenFields(valid, parameters, 'query', BROKEN_QUERIES),
  ];
  return broken.length > 0
    ? fc.oneof({ weight: 2, arbitrary: valid }, { weight: 1, arbitrary: fc.oneof(...broken) })
    : valid;
}

function brokenFields(
  valid: Arbitrary<FuzzRequest>,
  parameters: Parameter[],
  place: 'path' | 'query',
  faults: string[],
) {
  return parameters
    .filter((one) => one.in === place)
    .map(({ name }) =>
      fc
        .tuple(valid, fc.constantFrom(...faults))
        .map(([request, fault]) => ({ ...request, [place]: { ...request[place], [name]: fault } })),
    );
}

function who(): Arbitrary<Who> {
  const others = fc.constantFrom<Who>('nobody', 'impostor', 'outsider', 'stranger');
  return fc.oneof({ weight: 9, arbitrary: fc.constant<Who>('member') }, { weight: 1, arbitrary: others });
}
