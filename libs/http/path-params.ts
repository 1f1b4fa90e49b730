import { Param, ParseUUIDPipe, type PipeTransform } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { EXAMPLE_IDS, exampleOfParameter } from '#libs/platform/example-ids.js';
import { canonicalId } from './canonical-id.js';
import { faultOfText } from './fields.js';
import { MAX_PARAMETER_LENGTH } from './limits.js';

class CanonicalIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return canonicalId(value);
  }
}

/** Binds a path parameter that is a UUID. It is converted to lower case. */
export function UuidParam(name: string, description: string, example = exampleOfParameter(name)): ParameterDecorator {
  const pipe = new ParseUUIDPipe({
    exceptionFactory: () => new DomainError('invalid', `Invalid value for: path parameter ${name} (must be a UUID)`),
  });
  return documentedParam(name, { format: 'uuid', example, description }, pipe, new CanonicalIdPipe());
}

/** Binds a path parameter that is a positive whole number. @param entity the name of the numbered entity */
export function IntegerParam(
  name: string,
  description: string,
  entity: string,
  example: number = EXAMPLE_IDS.conversation,
): ParameterDecorator {
  return documentedParam(
    name,
    { type: 'integer', format: 'int64', example, description },
    new IntegerPipe(name, entity),
  );
}

class IntegerPipe implements PipeTransform<string, number> {
  constructor(
    private readonly name: string,
    private readonly entity: string,
  ) {}

  transform(value: string): number {
    const number = canonicalId(value);
    if (!/^[1-9]\d*$/.test(number) || number.length > MAX_PARAMETER_LENGTH) {
      const fault = 'must be a positive whole number';
      throw new DomainError('invalid', `Invalid value for: path parameter ${this.name} (${fault})`);
    }
    if (Number.isSafeInteger(Number(number))) return Number(number);
    throw notFound(this.entity, number);
  }
}

interface DocumentedParam {
  type?: 'string' | 'integer';
  format?: string;
  maxLength?: number;
  example: string | number;
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
      schema: { type, ...limits, example },
    })(target, method as string, descriptor);
  };
}

/**
 * Binds a path parameter of any text that is not too long.
 * @param fault returns why a further rule refuses a value, or undefined
 */
export function TextParam(
  name: string,
  description: string,
  example: string,
  fault?: (value: string) => string | undefined,
): ParameterDecorator {
  return documentedParam(name, { description, example, maxLength: MAX_PARAMETER_LENGTH }, new TextPipe(name, fault));
}

class TextPipe implements PipeTransform<string, string> {
  constructor(
    private readonly name: string,
    private readonly fault?: (value: string) => string | undefined,
  ) {}

  transform(value: string): string {
    const fault = faultOfText(value, { max: MAX_PARAMETER_LENGTH, fault: this.fault });
    if (fault) throw new DomainError('invalid', `Invalid value for: path parameter ${this.name} (${fault})`);
    return value;
  }
}
