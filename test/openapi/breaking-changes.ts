import { jsonSchemaOf, type OpenApi, type Operation, resolved, type Schema } from './document.js';

/** Returns what breaks clients of the earlier document: `POST /v1/tags: …`, one line each. */
export function breakingChanges(before: OpenApi, after: OpenApi): string[] {
  const changes = Object.entries(before.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const now = after.paths[path]?.[method];
      const found = now ? changesOf(operation, now, before, after) : ['is gone'];
      return found.map((change) => `${method.toUpperCase()} ${path}: ${change}`);
    }),
  );
  return [...new Set(changes)];
}

function changesOf(was: Operation, is: Operation, before: OpenApi, after: OpenApi): string[] {
  const inputs = new Comparison(before, after, 'input');
  const outputs = new Comparison(before, after, 'output');
  const wereParameters = was.parameters ?? [];
  for (const old of wereParameters) {
    const parameter = is.parameters?.find((one) => one.name === old.name && one.in === old.in);
    if (!parameter) inputs.found.push(`parameter ${old.name} is gone`);
    else inputs.compare(old.schema, parameter.schema, `parameter ${old.name}`);
  }
  for (const { name, required } of is.parameters ?? []) {
    const wasRequired = wereParameters.some((old) => old.name === name && old.required);
    if (required && !wasRequired) inputs.found.push(`parameter ${name} is required now`);
  }
  if (is.requestBody?.required && !was.requestBody?.required) inputs.found.push('the body is required now');
  inputs.compare(jsonSchemaOf(was.requestBody), jsonSchemaOf(is.requestBody), 'body');
  for (const [status, response] of Object.entries(was.responses)) {
    const now = is.responses[status];
    if (now) outputs.compare(jsonSchemaOf(response), jsonSchemaOf(now), `answer ${status}`);
    else if (status.startsWith('2')) outputs.found.push(`answer ${status} is gone`);
  }
  return [...inputs.found, ...outputs.found];
}

const LOWER_BOUNDS = ['minLength', 'minimum', 'minItems', 'minProperties'];
const UPPER_BOUNDS = ['maxLength', 'maximum', 'maxItems', 'maxProperties'];

/** Compares two schemas recursively: inputs may only become wider, outputs only narrower. */
class Comparison {
  readonly found: string[] = [];
  readonly #seen = new Set<string>();

  constructor(
    private readonly before: OpenApi,
    private readonly after: OpenApi,
    private readonly direction: 'input' | 'output',
  ) {}

  compare(was: Schema | undefined, is: Schema | undefined, at: string): void {
    if (!was) return;
    if (!is) {
      this.found.push(`${at} is gone`);
      return;
    }
    const pair = `${was.$ref} ${is.$ref}`;
    if (was.$ref && this.#seen.has(pair)) return;
    this.#seen.add(pair);
    this.#compareResolved(resolved(was, this.before), resolved(is, this.after), at);
  }

  #compareResolved(was: Schema, is: Schema, at: string): void {
    const [narrow, wide] = this.direction === 'input' ? [was, is] : [is, was];
    const lacks = typesOf(narrow).filter((type) => wide.type !== undefined && !typesOf(wide).includes(type));
    if (lacks.length > 0) this.found.push(`${at} is of another type`);
    const gone = (was.enum ?? []).filter((value) => is.enum && !is.enum.includes(value));
    if (gone.length > 0) this.found.push(`${at} is never ${gone.join(', ')} now`);
    if (this.direction === 'input') this.#compareLimits(was, is, at);
    this.#compareProperties(was, is, at);
    if (was.items) this.compare(was.items, is.items, `${at}[]`);
    if (typeof was.additionalProperties === 'object' && typeof is.additionalProperties === 'object') {
      this.compare(was.additionalProperties, is.additionalProperties, `${at}.*`);
    }
    for (const variant of was.oneOf ?? []) {
      const same = (is.oneOf ?? [is]).find((one) => nameOf(one) === nameOf(variant));
      this.compare(variant, same, `${at} as ${nameOf(variant)}`);
    }
  }

  #compareLimits(was: Schema, is: Schema, at: string): void {
    const higher = LOWER_BOUNDS.filter((name) => Number(is[name] ?? -Infinity) > Number(was[name] ?? -Infinity));
    const lower = UPPER_BOUNDS.filter((name) => Number(is[name] ?? Infinity) < Number(was[name] ?? Infinity));
    const tighter = ['format', 'pattern', 'uniqueItems'].filter((name) => is[name] && is[name] !== was[name]);
    if (is.enum && !was.enum) tighter.push('enum');
    for (const name of [...higher, ...lower, ...tighter]) this.found.push(`${at} has a narrower ${name}`);
  }

  #compareProperties(was: Schema, is: Schema, at: string): void {
    for (const [name, property] of Object.entries(was.properties ?? {})) {
      this.compare(property, is.properties?.[name], `${at}.${name}`);
    }
    const [fewer, more] = this.direction === 'input' ? [was, is] : [is, was];
    for (const name of more.required ?? []) {
      if (fewer.required?.includes(name) || (this.direction === 'output' && !is.properties?.[name])) continue;
      this.found.push(`${at}.${name} is ${this.direction === 'input' ? 'required now' : 'not always there now'}`);
    }
  }
}

/** Returns the name that distinguishes the variants of a union. */
const nameOf = ({ $ref, type }: Schema) => $ref?.split('/').at(-1) ?? String(type);
const typesOf = ({ type }: Schema) => (type === undefined ? [] : [type].flat());
