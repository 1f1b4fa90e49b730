import { setImmediate } from 'node:timers/promises';
import { type Type } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { DomainError, type DomainErrorKind } from '../domain-error.js';
import { faultOfUuid } from '../uuid.js';
import { isRecord } from '../values.js';
import { named } from './endpoint.js';
import { unionSchema, Variant } from './nested-fields.js';

/** Items that are worked on at the same time, where each is a transaction of its own. */
const CONCURRENCY = 32;

/** Why an item of a bulk request failed. */
export interface BulkError {
  _type: keyof typeof ERRORS;
  id?: string;
  message: string;
}

/** What became of one item of a bulk request. */
export type BulkOutcome<T> = { _type: 'BulkActionSuccess'; data: T } | { _type: 'BulkActionFailure'; error: BulkError };

/**
 * Works on each item by itself, and answers what became of each in the order of the items.
 * A {@link DomainError} is that item's failure; whatever else is thrown ends the request.
 * @param idOf names the entity of an item: a failure tells it, and items of the same entity wait for one another. Items
 *   are worked on in the order of these ids, so that all requests come to the same entities in the same order.
 * @param concurrency how many items at the same time
 */
export async function inBulk<Item, T>(
  items: Item[],
  work: (item: Item) => Promise<T>,
  idOf: (item: Item) => string | undefined = () => undefined,
  concurrency = CONCURRENCY,
): Promise<BulkOutcome<T>[]> {
  const outcomes = new Array<BulkOutcome<T>>(items.length);
  const queue = [...items.entries()].sort(([, one], [, other]) => compare(idOf(one) ?? '', idOf(other) ?? '')).values();
  const latest = new Map<string, Promise<unknown>>();
  const run = async () => {
    for (const [index, item] of queue) {
      // Items that are refused wait for nothing: without a pause, a thousand of them would hold up all other requests.
      await setImmediate();
      const id = idOf(item);
      const before = id === undefined ? undefined : latest.get(id);
      const outcome = Promise.resolve(before).then(() => outcomeOf(() => work(item), id));
      if (id !== undefined) latest.set(id, outcome);
      outcomes[index] = await outcome;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, run));
  return outcomes;
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** The id that an item of a bulk request names, in lower case; undefined when it names none that is a UUID. */
export function idOfItem(item: unknown): string | undefined {
  const id = isRecord(item) ? item.id : undefined;
  return typeof id === 'string' && faultOfUuid(id) === undefined ? id.toLowerCase() : undefined;
}

async function outcomeOf<T>(work: () => Promise<T>, id: string | undefined): Promise<BulkOutcome<T>> {
  try {
    return { _type: 'BulkActionSuccess', data: await work() };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return bulkFailure(error, id);
  }
}

/** The failure of one item. */
export function bulkFailure({ kind, message, details }: DomainError, id?: string): BulkOutcome<never> {
  const type = details.bulkError ?? BULK_ERRORS[kind] ?? 'ErrorResponse';
  const withId = id !== undefined && type !== 'InvalidArgument' && type !== 'ErrorResponse';
  return { _type: 'BulkActionFailure', error: { _type: type, ...(withId && { id }), message } };
}

const BULK_ERRORS: Partial<Record<DomainErrorKind, BulkError['_type']>> = {
  invalid: 'Validation',
  'not-found': 'NotFound',
  conflict: 'Integrity',
  unavailable: 'Infrastructure',
};

/** The schema of one kind of error. */
function bulkError(type: string, description: string, id: 'none' | 'optional' | 'always', schema = type): Type {
  class Output {
    @Variant(type, description)
    _type: string;

    @ApiProperty({ description: 'What is wrong, for people.', example: description })
    message: string;
  }
  if (id === 'none') return named(schema, Output);
  // Applied by hand, so nothing tells its type.
  const idField = {
    description: 'The item that it is about.',
    type: String,
    example: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a',
  };
  class IdentifiedOutput extends Output {
    id: string;
  }
  (id === 'always' ? ApiProperty(idField) : ApiPropertyOptional(idField))(IdentifiedOutput.prototype, 'id');
  return named(schema, IdentifiedOutput);
}

const ERRORS = {
  EmptyPatchSet: bulkError('EmptyPatchSet', 'The patch changes nothing.', 'always'),
  ErrorResponse: bulkError('ErrorResponse', 'The item failed.', 'none'),
  Infrastructure: bulkError('Infrastructure', 'The server cannot do it just now.', 'always'),
  Integrity: bulkError('Integrity', 'It conflicts with what others do.', 'always'),
  InvalidArgument: bulkError('InvalidArgument', 'The item is not what is expected.', 'none'),
  NotFound: bulkError('NotFound', 'The entity could not be found.', 'always', 'EntityNotFound'),
  Validation: bulkError('Validation', 'A field is not valid.', 'optional'),
};

/**
 * The schema `{data: outcome[]}` of a bulk operation.
 * @param entity what its outcomes are called after: `EndUser`, `Agent`, `UUID`
 * @param success how the document shows the data of a success
 */
export function bulkOutput(name: string, entity: string, success: object): Type<{ data: BulkOutcome<unknown>[] }> {
  const { outcome, models } = outcomeSchemas(entity, success);
  @ApiExtraModels(...models)
  class Output {
    @ApiPropertyOptional({ description: 'What became of each item, in their order.', type: 'array', items: outcome })
    data: BulkOutcome<unknown>[];
  }
  return named(name, Output);
}

const outcomes = new Map<string, ReturnType<typeof makeOutcomeSchemas>>();

/** Several operations share them. */
function outcomeSchemas(entity: string, success: object) {
  const known = outcomes.get(entity) ?? makeOutcomeSchemas(entity, success);
  outcomes.set(entity, known);
  return known;
}

function makeOutcomeSchemas(entity: string, success: object) {
  class Success {
    @Variant('BulkActionSuccess', 'The item was processed.')
    _type: 'BulkActionSuccess';

    @ApiProperty({ description: 'Its result.', ...success })
    data: unknown;
  }
  class Failure {
    @Variant('BulkActionFailure', 'The item failed; others may not have.')
    _type: 'BulkActionFailure';

    @ApiProperty({ description: 'Why.', ...unionSchema(ERRORS) })
    error: BulkError;
  }
  const variants = {
    BulkActionSuccess: named(`BulkActionSuccess_BulkError_${entity}`, Success),
    BulkActionFailure: named(`BulkActionFailure_BulkError_${entity}`, Failure),
  };
  return { outcome: unionSchema(variants), models: [...Object.values(variants), ...Object.values(ERRORS)] };
}
