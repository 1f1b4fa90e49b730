import { Body, type PipeTransform, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { type FastifyRequest } from 'fastify';
import { invalidBody } from '#libs/platform/domain-error.js';
import { isRecord } from '#libs/platform/values.js';
import { named } from './endpoint.js';
import { documentBody, notAnObject } from './input.js';
import { OperationConfig } from './operation-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the body holds a list of items. */
    bulk?: boolean;
  }
}

/** Maximum number of items in one bulk request. */
export const MAX_BULK_ITEMS = 1_000;

/** Returns the schema `{data: item[]}` of a bulk operation's body, under its own name. */
export function bulkInput(name: string, item: Type): Type<{ data: unknown[] }> {
  @ApiExtraModels(item)
  class Input {
    // Documented as optional because the public API documents it so; a request without it is refused anyway.
    @ApiPropertyOptional({
      description: `The items, at most ${MAX_BULK_ITEMS}.`,
      type: 'array',
      items: { $ref: getSchemaPath(item) },
      minItems: 1,
      maxItems: MAX_BULK_ITEMS,
    })
    data: unknown[];
  }
  return named(name, Input);
}

/**
 * Binds the items of a bulk operation's body: a bare array, or an object with the array as `data`. The items are not
 * validated: the handler validates each one, see `validInput`.
 * @param documented how the document shows the body: a {@link bulkInput}, which holds at least one item; or a bare
 *   array of DTOs, which may be empty or absent
 */
export function BulkInput(documented: Type | [Type]): ParameterDecorator {
  const bare = Array.isArray(documented);
  const description = bare
    ? `An array of at most ${MAX_BULK_ITEMS} items. \`{"data": […]}\` is accepted, too.`
    : 'A bare array of items is accepted, too.';
  return (target, method, index) => {
    Body(new ItemsPipe(bare))(target, method, index);
    const descriptor = Object.getOwnPropertyDescriptor(target, method as string) as PropertyDescriptor;
    OperationConfig({ bulk: true })(target, method as string, descriptor);
    documentBody(target, method, { type: documented, required: !bare, description });
  };
}

/** Returns the number of items in a request, valid or not; 1 if the request is not a bulk request. */
export function itemsOf({ routeOptions: { config }, body }: FastifyRequest): number {
  if (!config.bulk) return 1;
  const items = Array.isArray(body) ? body : isRecord(body) ? body.data : undefined;
  return Array.isArray(items) ? Math.min(items.length, MAX_BULK_ITEMS) : 1;
}

class ItemsPipe implements PipeTransform<unknown, unknown[]> {
  constructor(private readonly bare: boolean) {}

  transform(body: unknown): unknown[] {
    if (body === undefined && this.bare) return [];
    const items = Array.isArray(body) ? (body as unknown[]) : this.#dataOf(body);
    const path = items === body ? '' : 'data';
    if (items.length === 0 && !this.bare) throw invalidBody([{ path, message: 'must have at least 1 item' }]);
    if (items.length <= MAX_BULK_ITEMS) return items;
    throw invalidBody([{ path, message: `must have at most ${MAX_BULK_ITEMS} items` }]);
  }

  #dataOf(body: unknown): unknown[] {
    const data = isRecord(body) ? body.data : undefined;
    if (Array.isArray(data)) return data as unknown[];
    if (this.bare) throw invalidBody([{ path: '', message: 'must be a JSON array, or an object with it as data' }]);
    if (!isRecord(body)) throw notAnObject(body);
    throw invalidBody([{ path: 'data', message: `must be an array${data === undefined ? ', but is missing' : ''}` }]);
  }
}
