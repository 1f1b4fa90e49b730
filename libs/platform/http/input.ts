import {
  type ArgumentMetadata,
  Body,
  Injectable,
  Param,
  ParseUUIDPipe,
  type PipeTransform,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { type ValidationError } from 'class-validator';
import { DomainError, type Fault } from '../domain-error.js';

const OPTIONS = {
  transform: true,
  whitelist: true,
  stopAtFirstError: true,
  exceptionFactory: (errors: ValidationError[]) => new InvalidInput(faultsOf(errors)),
};

class InvalidInput extends Error {
  constructor(readonly faults: Fault[]) {
    super('Invalid input');
  }
}

/** Validates a DTO by its decorators; says which part of the request is wrong and why. */
@Injectable()
class InputPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body' && (typeof value !== 'object' || value === null || Array.isArray(value))) {
      throw invalidBody([{ path: '', message: 'must be a JSON object' }]);
    }
    try {
      return (await super.transform(value, metadata)) as unknown;
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      if (metadata.type === 'body') throw invalidBody(error.faults);
      const [fault] = error.faults as [Fault];
      throw new DomainError('invalid', `Invalid value for: query parameter ${fault.path} (${fault.message})`, {
        faults: error.faults,
      });
    }
  }
}

/** A body that is faulty in itself or by a rule that needs more than the DTO. */
export function invalidBody(faults: Fault[]): DomainError {
  const reasons = faults.map(({ path, message }) => (path ? `${path} ${message}` : message)).join('; ');
  return new DomainError('invalid', `Invalid value for: body (${reasons})`, { faults });
}

const lenient = new InputPipe(OPTIONS);
const strict = new InputPipe({ ...OPTIONS, forbidNonWhitelisted: true });

/** The request's body. Unknown fields are ignored. */
export const Input = () => Body(lenient);

/** The body of a change. Unknown fields are refused: a misspelt one would silently change nothing. */
export const Patch = () => Body(strict);

/** The request's query parameters. Unknown ones are ignored. */
export const QueryInput = () => Query(lenient);

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

function documentedParam(
  name: string,
  { format, example, description }: { format?: string; example: string; description: string },
  ...pipes: PipeTransform[]
): ParameterDecorator {
  return (target, method, index) => {
    Param(name, ...pipes)(target, method, index);
    const descriptor = Object.getOwnPropertyDescriptor(target, method as string) as PropertyDescriptor;
    ApiParam({ name, description, example, schema: { type: 'string', format } })(target, method as string, descriptor);
  };
}

/** A path parameter of any text. */
export function TextParam(name: string, description: string, example: string): ParameterDecorator {
  return documentedParam(name, { description, example });
}

function faultsOf(errors: ValidationError[], parent = ''): Fault[] {
  return errors.flatMap((error) => {
    const path = /^\d+$/.test(error.property)
      ? `${parent}[${error.property}]`
      : [parent, error.property].filter(Boolean).join('.');
    const own = Object.values(error.constraints ?? {}).map((message) => ({
      path,
      // class-validator begins its messages with the property; the path says more.
      message: message.replace(new RegExp(`^(property )?${error.property} `), ''),
    }));
    return [...own, ...faultsOf(error.children ?? [], path)];
  });
}
