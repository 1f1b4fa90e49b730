import { type PipeTransform, Query } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { DomainError } from '../domain-error.js';
import { faultOfInstant } from './fields.js';

/**
 * The query parameter `asOf`: the instant of the past that a read asks about. Undefined when the read asks about now.
 * @throws {DomainError} `invalid` when it is no instant, or lies in the future
 */
export function AsOf(): ParameterDecorator {
  return (target, method, index) => {
    Query('asOf', new AsOfPipe())(target, method, index);
    const descriptor = Object.getOwnPropertyDescriptor(target, method as string) as PropertyDescriptor;
    ApiQuery({
      name: 'asOf',
      required: false,
      description:
        'Answers as of this instant, from the events up to then: what did not exist then, or was deleted by then, is not found. An instant in the future is a 400. What has been anonymized since is without its personal data in the past as well.',
      schema: { type: 'string', format: 'date-time', example: '2026-03-14T09:26:53.589Z' },
    })(target, method as string, descriptor);
  };
}

class AsOfPipe implements PipeTransform<unknown, Date | undefined> {
  transform(value: unknown): Date | undefined {
    if (value === undefined) return undefined;
    const instant = new Date(value as string);
    const fault = faultOfInstant(value) ?? (instant > new Date() ? 'must not lie in the future' : undefined);
    if (fault === undefined) return instant;
    throw new DomainError('invalid', `Invalid value for: query parameter asOf (${fault})`, {
      faults: [{ path: 'asOf', message: fault }],
    });
  }
}
