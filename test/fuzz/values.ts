import fc, { type Arbitrary } from 'fast-check';
import { type OpenApi, resolved, type Schema } from '../openapi/document.js';

/** Stands for the id of an entity that exists when the request is sent. */
export class Reference {
  constructor(
    readonly kind: string,
    readonly pick: number,
  ) {}
}

const MAX_NESTING = 6;
/** Requests to these URLs do not leave the machine. */
const URLS = ['http://127.0.0.1:9/hook', 'https://hooks.acme.example/in?x=1', 'http://localhost/'];
/** Valid texts that often cause trouble. */
const ODD_TEXTS = [
  '\u202Eabc',
  '😀',
  'İıŞ',
  "'; DROP TABLE tags; --",
  '%00',
  '${7*7}',
  '__proto__',
  'ﷺ',
  ' a ',
  '\\u0000',
];
const BROKEN_TEXTS = [
  '',
  ' ',
  'a\0b',
  '\ud800',
  'x'.repeat(300),
  '\0',
  'not-a-uuid',
  '2026-02-30T25:00:00Z',
  'a@',
  'http://',
];
const BROKEN_NUMBERS = [-1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e300, '1', ''];
const WRONG_TYPES = [null, true, 0, 'text', [], {}, [null], [[]], { a: 1 }];

/** Makes values of schemas: valid ones, and invalid ones with one fault each. */
export class Values {
  /** @param kindOf returns the kind of the ids in a field or parameter of this name, if it is known */
  constructor(
    private readonly document: OpenApi,
    private readonly kindOf: (name: string) => string | undefined,
  ) {}

  valid(given: Schema, name = '', depth = 0): Arbitrary<unknown> {
    const schema = resolved(given, this.document);
    const [type, nullable] = typeOf(schema);
    const value = this.#withExample({ ...schema, type }, name, depth);
    return nullable ? fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) }) : value;
  }

  broken(given: Schema, name = '', depth = 0): Arbitrary<unknown> {
    const schema = resolved(given, this.document);
    const [type] = typeOf(schema);
    const wrong = fc.constantFrom<unknown>(...WRONG_TYPES);
    const variants = schema.oneOf ?? schema.anyOf;
    if (depth > MAX_NESTING) return wrong;
    if (variants) return fc.oneof(wrong, ...variants.map((variant) => this.broken(variant, name, depth + 1)));
    if (type === 'string')
      return fc.oneof(wrong, fc.constantFrom(...BROKEN_TEXTS, 'x'.repeat((schema.maxLength ?? 0) + 1)));
    if (type === 'integer' || type === 'number') {
      const beyond = [(schema.minimum ?? 0) - 1, (schema.maximum ?? 0) + 1];
      return fc.oneof(wrong, fc.constantFrom(...BROKEN_NUMBERS, ...beyond));
    }
    if (type === 'array') return fc.oneof(wrong, this.#brokenArray(schema, name, depth));
    return fc.oneof(wrong, this.#brokenObject(schema, depth));
  }

  /** Examples contain what a schema does not express, such as the form of a phone number. */
  #withExample(schema: Schema, name: string, depth: number): Arbitrary<unknown> {
    const value = this.#valid(schema, name, depth);
    const example = schema.example ?? (schema.examples as unknown[] | undefined)?.[0];
    if (example === undefined || this.kindOf(name) || schema.format === 'uuid') return value;
    return fc.oneof({ weight: 2, arbitrary: value }, { weight: 1, arbitrary: fc.constant(example) });
  }

  #valid(schema: Schema, name: string, depth: number): Arbitrary<unknown> {
    const variants = schema.oneOf ?? schema.anyOf;
    if (schema.enum) return fc.constantFrom(...schema.enum);
    if (variants) return fc.oneof(...variants.map((variant) => this.valid(variant, name, depth + 1)));
    if (schema.type === 'string') return this.#text(schema, name);
    if (schema.type === 'integer' || schema.type === 'number') return this.#number(schema, name);
    if (schema.type === 'boolean') return fc.boolean();
    if (schema.type === 'array') return this.#array(schema, name, depth);
    return this.#object(schema, depth);
  }

  #text({ format, minLength = 0, maxLength = 255 }: Schema, name: string): Arbitrary<unknown> {
    const kind = this.kindOf(name);
    if (format === 'uuid' || kind) return this.#id(kind, fc.uuid());
    if (format === 'uri') return fc.constantFrom(...URLS);
    if (format === 'email' || /email/i.test(name)) return fc.emailAddress().map((address) => address.slice(-maxLength));
    const years = { min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true };
    if (format === 'date-time') return fc.date(years).map((instant) => instant.toISOString());
    if (/phone/i.test(name)) return fc.integer({ min: 20_000_000, max: 49_999_999 }).map((number) => `+45${number}`);
    const length = { minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) };
    return fc.oneof(fc.string({ unit: 'grapheme', ...length }), fc.constantFrom(...ODD_TEXTS, 'x'.repeat(maxLength)));
  }

  #number({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema, name: string): Arbitrary<unknown> {
    return this.#id(this.kindOf(name), fc.oneof(fc.integer({ min: minimum, max: maximum }), fc.constant(maximum)));
  }

  #id(kind: string | undefined, any: Arbitrary<unknown>): Arbitrary<unknown> {
    if (!kind) return any;
    const known = fc.nat().map((pick) => new Reference(kind, pick));
    return fc.oneof({ weight: 9, arbitrary: known }, { weight: 1, arbitrary: any });
  }

  #array({ items = {}, minItems = 0, maxItems = 3 }: Schema, name: string, depth: number): Arbitrary<unknown[]> {
    const maxLength = depth > MAX_NESTING ? minItems : Math.min(maxItems, minItems + 2);
    if (maxLength === 0) return fc.constant([]);
    return fc.uniqueArray(this.valid(items, name, depth + 1), {
      minLength: minItems,
      maxLength,
      selector: (value) => JSON.stringify(value),
    });
  }

  #object({ properties = {}, required = [], additionalProperties }: Schema, depth: number): Arbitrary<object> {
    const names = Object.keys(properties).filter((name) => depth <= MAX_NESTING || required.includes(name));
    const fields = Object.fromEntries(
      names.map((name) => [name, this.valid(properties[name] as Schema, name, depth + 1)]),
    );
    const known = fc.record(fields, { requiredKeys: required.filter((name) => names.includes(name)) });
    if (typeof additionalProperties !== 'object') return known;
    const key = fc.oneof(fc.uuid(), fc.constantFrom('TagCreated', 'X-Any'));
    const more = fc.dictionary(key, this.valid(additionalProperties, '', depth + 1), { maxKeys: 2 });
    return fc.tuple(known, more).map(([one, other]) => ({ ...one, ...other }));
  }

  #brokenArray(schema: Schema, name: string, depth: number): Arbitrary<unknown[]> {
    const { items = {}, maxItems = 0 } = schema;
    const item = this.valid(items, name, depth + 1);
    const tooMany = fc.tuple(item).map(([one]) => Array.from({ length: Math.min(maxItems, 300) + 1 }, () => one));
    const faulty = fc.tuple(this.#array(schema, name, depth), this.broken(items, name, depth + 1));
    const twice = item.map((one) => [one, one]);
    return fc.oneof(
      tooMany,
      twice,
      faulty.map(([valid, broken]) => [...valid, broken]),
    );
  }

  #brokenObject(schema: Schema, depth: number): Arbitrary<object> {
    const valid = this.#object(schema, depth);
    const faulty = Object.entries(schema.properties ?? {}).map(([name, property]) =>
      fc.tuple(valid, this.broken(property, name, depth + 1)).map(([value, fault]) => ({ ...value, [name]: fault })),
    );
    const lacking = (schema.required ?? []).map((name) =>
      valid.map((value) => Object.fromEntries(Object.entries(value).filter(([other]) => other !== name))),
    );
    return fc.oneof(
      valid.map((value) => ({ ...value, unknown: 1 })),
      ...lacking,
      ...faulty,
    );
  }
}

/** Returns the type, and whether null is allowed. */
function typeOf({ type }: Schema): [type: string | undefined, nullable: boolean] {
  const types = type === undefined ? [] : [type].flat();
  return [types.find((one) => one !== 'null'), types.includes('null')];
}
