import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { jsonSchemaOf, type OpenApi, type Parameter, type Schema } from '../openapi/document.js';
import { type Answer } from '../support/api-client.js';
import { type FuzzRequest } from './requests.js';

/** A request as it was sent, with ids filled in. */
export type SentRequest = Pick<FuzzRequest, 'method' | 'template' | 'operation' | 'who' | 'path' | 'query' | 'body'>;

/** Checks answers against the document. */
export class Oracle {
  readonly #ajv = new Ajv2020({ strict: false, discriminator: false });
  readonly #validators = new Map<Schema, ValidateFunction>();

  constructor(document: OpenApi) {
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ $id: 'openapi', components: document.components });
  }

  /** Returns the problems of an answer; none if it is as documented. */
  problemsOf(request: SentRequest, answer: Answer): string[] {
    const { who } = request;
    if (answer.status >= 500) return [`answers ${answer.status}`];
    const problems = this.#undocumented(request, answer);
    const succeeded = answer.status < 300;
    if (who === 'nobody' || who === 'impostor') {
      if (answer.status !== 401 && !isMalformed(answer))
        problems.push(`answers ${answer.status} without a valid token`);
    } else if (who === 'outsider') {
      if (answer.status !== 403 && !isMalformed(answer)) problems.push(`answers ${answer.status} without the scope`);
    } else if (succeeded && !(isBulk(answer) && hasFailures(answer))) {
      problems.push(...this.faultsOf(request).map((fault) => `takes what the document refuses: ${fault}`));
    }
    return problems;
  }

  /** Returns how a request violates the document. */
  faultsOf({ operation, path, query, body }: SentRequest): string[] {
    const schema = jsonSchemaOf(operation.requestBody);
    const missing = operation.requestBody?.required && body === undefined;
    const inBody = schema && body !== undefined ? this.#faults(schema, body) : missing ? ['no body'] : [];
    const parameters = (operation.parameters ?? []).flatMap(({ name, in: place, schema: one }) => {
      const value = (place === 'path' ? path : query)[name];
      return place === 'header' || value === undefined
        ? []
        : this.#faults(one, spelt(value, one)).map((fault) => `${name}${fault}`);
    });
    return [...inBody, ...parameters];
  }

  #undocumented({ operation }: SentRequest, { status, body }: Answer): string[] {
    if (ALWAYS.includes(status)) return [];
    const response = operation.responses[status];
    if (!response) return [`answers ${status}, which is not documented`];
    const schema = jsonSchemaOf(response);
    if (!schema) return body === '' || response.content ? [] : [`answers ${status} with a body`];
    return this.#faults(schema, body).map(
      (fault) => `answers ${status} with a body that is not as documented: ${fault}`,
    );
  }

  #faults(schema: Schema, value: unknown): string[] {
    let validate = this.#validators.get(schema);
    if (!validate) {
      validate = this.#ajv.compile(
        JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')) as Schema,
      );
      this.#validators.set(schema, validate);
    }
    // As it is sent: JSON has no undefined.
    if (validate(value === undefined ? undefined : JSON.parse(JSON.stringify(value)))) return [];
    return (validate.errors ?? [])
      .slice(0, 1)
      .map(({ instancePath, message }) => `${instancePath.replace(/\/[\d-a-f]{36}|\/\d+/g, '/…')} ${message}`);
  }
}

/** Whether a request was refused before its authentication. */
const isMalformed = ({ status, body }: Answer) =>
  ALWAYS.includes(status) || (status === 400 && /NUL characters|UTF-8|malformed JSON/.test(String(body.message)));

/** Returns whether items were answered separately. */
export const isBulk = ({ body }: Answer) =>
  Array.isArray(body.data) && body.data.some((item: any) => String(item?._type).startsWith('BulkAction'));
const hasFailures = ({ body }: Answer) => body.data.some((item: any) => item._type === 'BulkActionFailure');
/** Statuses that any request can get: the head of the document lists them. */
const ALWAYS = [413, 414, 415, 431];

/** Returns the value that the text of a parameter stands for. */
function spelt(value: unknown, { type }: Parameter['schema']): unknown {
  if (type === 'integer' && /^-?\d+$/.test(String(value))) return Number(value);
  if (type === 'boolean' && /^(true|false)$/i.test(String(value))) return /^true$/i.test(String(value));
  return type === 'string' ? String(value) : value;
}
