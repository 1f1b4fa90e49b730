import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { DomainError, type Fault, invalidBody } from '#libs/platform/domain-error.js';
import { composed, MAX_MARKS } from '#libs/platform/text.js';

const REFUSED = `must not stack more than ${MAX_MARKS} combining marks on a character`;

/** Normalizes all text of a request to NFC before it is validated: body, path and query, both keys and values. */
export function composeText(fastify: FastifyInstance): void {
  fastify.addHook('preValidation', (request, _reply, done) => {
    done(refusalOf(request));
  });
}

function refusalOf(request: FastifyRequest): DomainError | undefined {
  for (const [kind, part] of [
    ['path parameter', request.params],
    ['query parameter', request.query],
  ] as const) {
    const faults: Fault[] = [];
    composeWithin(part, faults);
    if (faults[0]) return new DomainError('invalid', `Invalid value for: ${kind} ${faults[0].path} (${REFUSED})`);
  }
  const body = { '': request.body };
  const faults: Fault[] = [];
  composeWithin(body, faults);
  request.body = body[''];
  return faults.length > 0 ? invalidBody(faults) : undefined;
}

/** Works in place: the depth of bodies is limited, and no other code uses them yet. */
function composeWithin(container: unknown, faults: Fault[], path = ''): void {
  if (typeof container !== 'object' || container === null) return;
  const fields = container as Record<string, unknown>;
  for (const [name, value] of Object.entries(fields)) {
    const at = Array.isArray(container) ? `${path}[${name}]` : [path, name].filter(Boolean).join('.');
    const key = text(name, at, faults);
    if (key !== name) Reflect.deleteProperty(fields, name);
    if (typeof value === 'string') fields[key] = text(value, at, faults);
    else if (key !== name) fields[key] = value;
    composeWithin(value, faults, at);
  }
}

function text(value: string, path: string, faults: Fault[]): string {
  const result = composed(value);
  if (result === undefined && faults.length === 0) faults.push({ path, message: REFUSED });
  return result ?? value;
}
