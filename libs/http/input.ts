import {
  type ArgumentMetadata,
  Body,
  Injectable,
  type PipeTransform,
  Query,
  type Type,
  ValidationPipe,
} from '@nestjs/common';
import { ApiBody, type ApiBodyOptions, ApiExtraModels } from '@nestjs/swagger';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, type ValidationError, type ValidatorOptions } from 'class-validator';
import { isDeepStrictEqual } from 'node:util';
import { type KnownNames } from '#libs/platform/did-you-mean.js';
import { DomainError, type Fault, invalidBody, invalidParameter } from '#libs/platform/domain-error.js';
import { isRecord } from '#libs/platform/values.js';
import { readable } from './fields.js';
import { takesParameters } from './ignored-parameters.js';
import { kindOf, tagOf, unionSchema } from './nested-fields.js';
import { AnyPageQuery, withPageKey } from './paging.js';
import { fieldsOf, judgeUnknownFields, type UnknownFields } from './unknown-fields.js';

const OPTIONS = {
  transform: true,
  whitelist: true,
  stopAtFirstError: true,
  exceptionFactory: (errors: ValidationError[]) => new InvalidInput(faultsOf(errors)),
};

const MISSING = ', but is missing';

class InvalidInput extends Error {
  constructor(readonly faults: Fault[]) {
    super('Invalid input');
  }
}

/** Validates query parameters by the decorators of their DTO. An error names the parameter and the reason. */
@Injectable()
class InputPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    try {
      return (await super.transform(value, metadata)) as unknown;
    } catch (error) {
      throw error instanceof InvalidInput ? this.refusal(error.faults as [Fault]) : error;
    }
  }

  protected refusal(faults: [Fault, ...Fault[]]): DomainError {
    return invalidParameter(faults);
  }
}

/** Validates bodies by their DTO. They may hold fields that the DTO does not have: see {@link judgeUnknownFields}. */
class BodyPipe extends InputPipe {
  constructor(private readonly unknownFields: UnknownFields) {
    super({ ...OPTIONS, forbidNonWhitelisted: true, validationError: { target: true } });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (!isRecord(value)) throw notAnObject(value, fieldsOf(metadata.metatype as Type));
    return super.transform(namesAlone(value, fieldsOf(metadata.metatype as Type)), metadata);
  }

  protected override async validate(object: object, options?: ValidatorOptions): Promise<ValidationError[]> {
    return judgeUnknownFields(await super.validate(object, options), this.unknownFields);
  }

  protected override refusal(faults: Fault[]): DomainError {
    return invalidBody(faults);
  }
}

/** Returns a body without the values of unknown fields: nothing reads them, and copying them can take long. */
function namesAlone(body: Record<string, unknown>, known: KnownNames): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, known.names.includes(name) ? value : null]),
  );
}

/**
 * Returns the error for a body that is missing or is not a JSON object.
 * @param known the fields of the object
 */
export function notAnObject(body: unknown, known?: KnownNames): DomainError {
  return invalidBody([{ path: '', message: `must be a JSON object${whatWasSent(body, known)}` }]);
}

function whatWasSent(body: unknown, known?: KnownNames): string {
  if (body === undefined) return MISSING;
  if (!Array.isArray(body)) return '';
  return known?.names.includes('data') ? '; wrap the array: {"data": […]}' : ', not an array';
}

/** Validates query parameters. Those in a page key need not be sent, and none may have two values. */
class QueryPipe extends InputPipe {
  override transform(value: unknown, metadata: ArgumentMetadata & { metatype: Type }): Promise<unknown> {
    const { metatype } = metadata;
    const given = value as Record<string, unknown>;
    const query = { ...(isPaged(metatype) ? withPageKey(given) : given) };
    for (const name of parametersOf(metatype)) {
      if (Array.isArray(query[name])) query[name] = onlyValue(metatype, name, query[name]);
    }
    return super.transform(query, metadata);
  }
}

function isPaged(type: Type): boolean {
  return type.prototype instanceof AnyPageQuery;
}

/** Returns the names of the parameters in a query's DTO. */
function parametersOf(type: Type): Set<string> {
  return new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(type, '', false, false)
      .map(({ propertyName }) => propertyName),
  );
}

/** Returns the value of a parameter that was sent several times. `True` and `true` are the same value. */
function onlyValue(type: Type, name: string, values: unknown[]): unknown {
  const meant = values.map((value) => (plainToInstance(type, { [name]: value }) as Record<string, unknown>)[name]);
  if (meant.every((one) => isDeepStrictEqual(one, meant[0]))) return values[0];
  throw invalidParameter([{ path: name, message: 'must be sent once, or with the same value each time' }]);
}

/** Validates a body that is one of several DTOs, distinguished by `_type`. */
class UnionPipe implements PipeTransform {
  readonly #kind: Type;

  constructor(private readonly variants: Record<string, Type>) {
    this.#kind = kindOf(variants);
  }

  transform(value: unknown): Promise<unknown> {
    const metatype = this.variants[tagOf(value, this.variants)] ?? this.#kind;
    return lenient.transform(value, { type: 'body', metatype });
  }
}

/**
 * Validates a part of a body as {@link LenientBody} or {@link StrictBody} validates the whole.
 * @returns an instance of the DTO
 * @throws {DomainError} `invalid`
 */
export async function validInput<T>(type: Type<T>, value: unknown, unknownFields: UnknownFields): Promise<T> {
  const pipe = unknownFields === 'refuse' ? strict : lenient;
  return (await pipe.transform(value, { type: 'body', metatype: type })) as T;
}

/** Validates query parameters as {@link QueryInput} does. @throws {DomainError} `invalid` */
export async function validQuery<T>(type: Type<T>, value: Record<string, unknown>): Promise<T> {
  return (await ofQuery.transform(value, { type: 'query', metatype: type })) as T;
}

rememberRules();
const ofQuery = new QueryPipe(OPTIONS);
const lenient = new BodyPipe('ignore');
const strict = new BodyPipe('refuse');

/** Binds the request's body. Unknown fields are ignored, except those that {@link judgeUnknownFields} refuses. */
export const LenientBody = () => Body(lenient);

/** Binds the body as {@link LenientBody} does; it may be absent. */
export const OptionalLenientBody = () => optionalBody(lenient);

/** Binds the body of a change. Unknown fields are refused: a misspelled one would silently change nothing. */
export const StrictBody = () => Body(strict);

/** Binds the body as {@link StrictBody} does; it may be absent. */
export const OptionalStrictBody = () => optionalBody(strict);

/** Binds a body that may be absent. */
function optionalBody(pipe: PipeTransform): ParameterDecorator {
  return (target, method, index) => {
    Body({ transform: (value: unknown) => (value === undefined ? {} : value) }, pipe)(target, method, index);
    const types = Reflect.getMetadata('design:paramtypes', target, method as string) as Type[];
    documentBody(target, method, { type: types[index], required: false });
  };
}

/** Documents the body of an operation where Nest cannot infer it. */
export function documentBody(target: object, method: string | symbol | undefined, options: ApiBodyOptions): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, method as string) as PropertyDescriptor;
  ApiBody(options)(target, method as string, descriptor);
}

/** Binds the request's body, validated as the variant that its `_type` names. Unknown fields are ignored. */
export function UnionInput(variants: Record<string, Type>): ParameterDecorator {
  return (target, method, index) => {
    Body(new UnionPipe(variants))(target, method, index);
    documentBody(target, method, { schema: unionSchema(variants) });
    const descriptor = Object.getOwnPropertyDescriptor(target, method as string) as PropertyDescriptor;
    ApiExtraModels(...Object.values(variants))(target, method, descriptor);
  };
}

/** Binds the request's query parameters. Unknown ones are ignored; lists report them: see {@link TellsIgnored}. */
export function QueryInput(): ParameterDecorator {
  return (target, method, index) => {
    Query(ofQuery)(target, method, index);
    const typeOf = () => (Reflect.getMetadata('design:paramtypes', target, method as string) as Type[])[index] as Type;
    takesParameters(target, method as string, () => parametersOf(typeOf()));
  };
}

function faultsOf(errors: ValidationError[], parent = ''): Fault[] {
  return errors.flatMap((error) => {
    const path = /^\d+$/.test(error.property)
      ? `${parent}[${error.property}]`
      : [parent, error.property].filter(Boolean).join('.');
    const end = error.value === undefined ? MISSING : '';
    const own = Object.values(error.constraints ?? {}).map((message) => ({
      path,
      message: readable(withoutPrefix(withoutPrefix(message, 'property '), `${error.property} `)) + end,
    }));
    return [...own, ...faultsOf(error.children ?? [], path)];
  });
}

/** Removes the property with which class-validator begins its messages; the path says more. */
function withoutPrefix(message: string, prefix: string): string {
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

/** Caches the rules of each class. Otherwise, class-validator searches those of all classes for each object. */
function rememberRules(): void {
  const storage = getMetadataStorage();
  const known = new Map<unknown, ReturnType<typeof lookUp>>();
  const lookUp = storage.getTargetValidationMetadatas.bind(storage);
  storage.getTargetValidationMetadatas = (type, ...options) => {
    const rules = known.get(type) ?? lookUp(type, ...options);
    known.set(type, rules);
    return rules;
  };
}
