import { type PipeTransform, Query } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { invalidParameter } from '#libs/platform/domain-error.js';
import { takesParameters } from './ignored-parameters.js';
import { validQuery } from './input.js';
import { QueryInstant } from './instant-fields.js';

/** How far ahead of this process's clock `asOf` may lie, because the clocks of processes differ. */
const MAX_SKEW_MS = 5_000;
const DESCRIPTION =
  'Returns the state as of this instant, from the events up to then. If the entity did not exist or was deleted at that time, the answer is 404. For an instant in the future, it is 400. Personal data that has since been anonymized is absent.';
const EXAMPLE = '2026-03-14T09:26:53.589Z';

class AsOfQuery {
  @QueryInstant({ description: DESCRIPTION, example: EXAMPLE, optional: true })
  asOf?: string;
}

/**
 * Binds the query parameter `asOf`: the past instant that a read asks about, or undefined if it asks about now.
 * @throws {DomainError} `invalid` when it is not an instant, or lies in the future
 */
export function AsOf(): ParameterDecorator {
  return (target, method, index) => {
    Query('asOf', new AsOfPipe())(target, method, index);
    takesParameters(target, method as string, () => ['asOf']);
    const descriptor = Object.getOwnPropertyDescriptor(target, method as string) as PropertyDescriptor;
    const schema = { type: 'string' as const, format: 'date-time', example: EXAMPLE };
    ApiQuery({ name: 'asOf', required: false, description: DESCRIPTION, schema })(target, method as string, descriptor);
  };
}

class AsOfPipe implements PipeTransform<unknown, Promise<Date | undefined>> {
  async transform(value: unknown): Promise<Date | undefined> {
    if (value === undefined) return undefined;
    const { asOf } = await validQuery(AsOfQuery, { asOf: value });
    const instant = new Date(asOf as string);
    if (instant.getTime() <= Date.now() + MAX_SKEW_MS) return instant;
    throw invalidParameter([{ path: 'asOf', message: 'must not lie in the future' }]);
  }
}
