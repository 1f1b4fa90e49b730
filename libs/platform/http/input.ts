import {
  type ArgumentMetadata,
  Body,
  Injectable,
  Param,
  ParseUUIDPipe,
  type PipeTransform,
  Query,
  type Type,
  ValidationPipe,
} from '@nestjs/common';
import { ApiBody, type ApiBodyOptions, ApiExtraModels, ApiParam } from '@nestjs/swagger';
import { getMetadataStorage, type ValidationError, type ValidatorOptions } from 'class-validator';
import { type KnownNames } from '../did-you-mean.js';
import { DomainError, type Fault, invalidBody } from '../domain-error.js';
import { faultOfText } from './fields.js';
import { MAX_PARAMETER_LENGTH } from './limits.js';
import { kindOf, tagOf, unionSchema } from './nested-fields.js';
import { fieldsOf, judgeUnknownFields, type UnknownFields } from './unknown-fields.js';
import { isRecord } from '../values.js';

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

/** Validates query parameters by the decorators of their DTO; says which one is wrong and why. */
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
    const [{ path, message }] = faults;
    return new DomainError('invalid', `Invalid value for: query parameter ${path} (${message})`, { faults });
  }
}

/** The same for bodies, which may hold what the DTO does not know: see {@link judgeUnknownFields}. */
class BodyPipe extends InputPipe {
  constructor(private readonly unknownFields: UnknownFields) {
    super({ ...OPTIONS, forbidNonWhitelisted: true, validationError: { target: true } });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (!isRecord(value)) throw notAnObject(value);
    return super.transform(namesAlone(value, fieldsOf(metadata.metatype as Type)), metadata);
  }

  protected override async validate(object: object, options?: ValidatorOptions): Promise<ValidationError[]> {
    return judgeUnknownFields(await super.validate(object, options), this.unknownFields);
  }

  protected override refusal(faults: Fault[]): DomainError {
    return invalidBody(faults);
  }
}

/** A body without the values of fields that are not known: nothing reads them, and to copy them can take long. */
function namesAlone(body: Record<string, unknown>, known: KnownNames): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, known.names.includes(name) ? value : null]),
  );
}

/** The refusal of a body that is no JSON object, or is not there. */
export function notAnObject(body: unknown): DomainError {
  return invalidBody([{ path: '', message: `must be a JSON object${body === undefined ? MISSING : ''}` }]);
}

/** A body that is one of several DTOs, told apart by its `_type`. */
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
 * Validates a value as {@link Input} would, where it is but a part of the body.
 * @returns an instance of the DTO
 * @throws {DomainError} `invalid`
 */
export async function validInput<T>(type: Type<T>, value: unknown, unknownFields: UnknownFields): Promise<T> {
  const pipe = unknownFields === 'refuse' ? strict : lenient;
  return (await pipe.transform(value, { type: 'body', metatype: type })) as T;
}

rememberRules();
const query = new InputPipe(OPTIONS);
const lenient = new BodyPipe('ignore');
const strict = new BodyPipe('refuse');

/** The request's body. Unknown fields are ignored, but for those that {@link judgeUnknownFields} refuses. */
export const Input = () => Body(lenient);

/** The same where nothing is required: then nothing need be sent. */
export const OptionalInput = () => optionalBody(lenient);

/** The body of a change. Unknown fields are refused: a misspelt one would silently change nothing. */
export const Patch = () => Body(strict);

/** The same where nothing is required: then nothing need be sent. */
export const OptionalPatch = () => optionalBody(strict);

/** A body that need not be sent. */
function optionalBody(pipe: PipeTransform): ParameterDecorator {
  return (target, method, index) => {
    Body({ transform: (value: unknown) => (value === undefined ? {} : value) }, pipe)(target, method, index);
    const types = Reflect.getMetadata('design:paramtypes', target, method as string) as Type[];
    documentBody(target, method, { type: types[index], required: false });
  };
}

/** Documents the body of an operation where Nest would not find out by itself. */
export function documentBody(target: object, method: string | symbol | undefined, options: ApiBodyOptions): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, method as string) as PropertyDescriptor;
  ApiBody(options)(target, method as string, descriptor);
}

/** The request's body, of the variant that its `_type` names. Unknown fields are ignored. */
export function UnionInput(variants: Record<string, Type>): ParameterDecorator {
  return (target, method, index) => {
    Body(new UnionPipe(variants))(target, method, index);
    documentBody(target, method, { schema: unionSchema(variants) });
    const descriptor = Object.getOwnPropertyDescriptor(target, method as string) as PropertyDescriptor;
    ApiExtraModels(...Object.values(variants))(target, method, descriptor);
  };
}

/** The request's query parameters. Unknown ones are ignored. */
export const QueryInput = () => Query(query);

/** The one spelling by which streams are named. */
class LowerCasePipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return value.toLowerCase();
  }
}

/** A path parameter that is a UUID, in lower case whatever it came in. */
export function UuidParam(name: string, description: string): ParameterDecorator {
  const pipe = new ParseUUIDPipe({
    exceptionFactory: () => new DomainError('invalid', `Invalid value for: path parameter ${name} (must be a UUID)`),
  });
  return documentedParam(
    name,
    { format: 'uuid', example: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a', description },
    pipe,
    new LowerCasePipe(),
  );
}

/** A path parameter that is a positive whole number. */
export function IntegerParam(name: string, description: string): ParameterDecorator {
  return documentedParam(
    name,
    { type: 'integer', format: 'int64', example: '1042', description },
    new IntegerPipe(name),
  );
}

class IntegerPipe implements PipeTransform<string, number> {
  constructor(private readonly name: string) {}

  transform(value: string): number {
    const number = /^\d{1,16}$/.test(value) ? Number(value) : NaN;
    if (number > 0 && Number.isSafeInteger(number)) return number;
    throw new DomainError(
      'invalid',
      `Invalid value for: path parameter ${this.name} (must be a positive whole number)`,
    );
  }
}

interface DocumentedParam {
  type?: 'string' | 'integer';
  format?: string;
  maxLength?: number;
  example: string;
  description: string;
}

function documentedParam(
  name: string,
  { example, description, type = 'string', ...limits }: DocumentedParam,
  ...pipes: PipeTransform[]
): ParameterDecorator {
  return (target, method, index) => {
    Param(name, ...pipes)(target, method, index);
    const descriptor = Object.getOwnPropertyDescriptor(target, method as string) as PropertyDescriptor;
    ApiParam({
      name,
      description,
      example: type === 'integer' ? Number(example) : example,
      schema: { type, ...limits },
    })(target, method as string, descriptor);
  };
}

/** A path parameter of any text that is not too long. */
export function TextParam(name: string, description: string, example: string): ParameterDecorator {
  return documentedParam(name, { description, example, maxLength: MAX_PARAMETER_LENGTH }, new TextPipe(name));
}

class TextPipe implements PipeTransform<string, string> {
  constructor(private readonly name: string) {}

  transform(value: string): string {
    const fault = faultOfText(value, { max: MAX_PARAMETER_LENGTH });
    if (fault) throw new DomainError('invalid', `Invalid value for: path parameter ${this.name} (${fault})`);
    return value;
  }
}

function faultsOf(errors: ValidationError[], parent = ''): Fault[] {
  return errors.flatMap((error) => {
    const path = /^\d+$/.test(error.property)
      ? `${parent}[${error.property}]`
      : [parent, error.property].filter(Boolean).join('.');
    const end = error.value === undefined ? MISSING : '';
    const own = Object.values(error.constraints ?? {}).map((message) => ({
      path,
      message: withoutPrefix(withoutPrefix(message, 'property '), `${error.property} `) + end,
    }));
    return [...own, ...faultsOf(error.children ?? [], path)];
  });
}

/** class-validator begins its messages with the property; the path says more. */
function withoutPrefix(message: string, prefix: string): string {
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

/** class-validator looks through the rules of all classes for each object. They are the same ever after. */
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
