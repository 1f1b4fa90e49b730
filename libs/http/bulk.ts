import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type Type } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { asRefusal, DomainError, type DomainErrorKind } from '#libs/platform/domain-error.js';
import { faultOfUuid } from '#libs/platform/uuid.js';
import { isRecord } from '#libs/platform/values.js';
import { named } from './endpoint.js';
import { unionSchema, Variant } from './nested-fields.js';

/** Number of items that share a transaction. Computing a group without a pause takes some twenty milliseconds. */
const GROUP = 100;
/** Number of items that are checked without a pause. */
const CHECKED_AT_ONCE = 10;

/** The reason why an item of a bulk request failed. */
export interface BulkError {
  _type: keyof typeof ERRORS;
  id?: string;
  message: string;
}

/** The outcome of one item of a bulk request. */
export type BulkOutcome<T> = { _type: 'BulkActionSuccess'; data: T } | { _type: 'BulkActionFailure'; error: BulkError };

/** The functions that check and execute the items of a bulk request. */
export interface BulkWork<Item, Prepared, Result> {
  /** Returns the id of an item's entity, which the item's failure contains. */
  idOf?: (item: Item) => string | undefined;
  /** Checks one item. @throws {DomainError} the failure of the item */
  prepare: (item: Item) => Promise<Prepared>;
  /**
   * Carries out all items in one transaction, each on top of those before it. Returns a result or a refusal for each,
   * in their order. If it throws, nothing was written: each half is then tried alone, and an error that is thrown for a
   * single item is the failure of that item.
   */
  carryOut: (prepared: Prepared[]) => Promise<(Result | DomainError)[]>;
}

/**
 * Carries out the items in groups, and returns their outcomes in the order of the items. They are processed in the
 * order of their entities' ids, so that all requests lock the same entities in the same order. A {@link DomainError} is
 * the failure of an item; any other error ends the request.
 * @param nextTurn waits until the next piece may be computed: a group takes some milliseconds
 */
export async function inBulk<Item, Prepared, Result>(
  items: Item[],
  { idOf = () => undefined, prepare, carryOut }: BulkWork<Item, Prepared, Result>,
  nextTurn: () => Promise<void>,
): Promise<BulkOutcome<Result>[]> {
  const outcomes = new Array<BulkOutcome<Result>>(items.length);
  const ordered = [...items.entries()].sort(([, one], [, other]) => compare(idOf(one) ?? '', idOf(other) ?? ''));
  for (let start = 0; start < ordered.length; start += GROUP) {
    const group = ordered.slice(start, start + GROUP);
    const prepared: { index: number; item: Prepared }[] = [];
    for (const [index, item] of group) {
      // Without pauses, a thousand items would delay all other requests.
      if (index % CHECKED_AT_ONCE === 0) await nextTurn();
      const checked = await prepare(item).catch(asRefusal);
      if (checked instanceof DomainError) outcomes[index] = bulkFailure(checked, idOf(item));
      else prepared.push({ index, item: checked });
    }
    await nextTurn();
    const results = await inHalves(
      prepared.map(({ item }) => item),
      carryOut,
    );
    for (const [place, result] of results.entries()) {
      const { index } = prepared[place] as { index: number };
      outcomes[index] =
        result instanceof DomainError
          ? bulkFailure(result, idOf(items[index] as Item))
          : { _type: 'BulkActionSuccess', data: result };
    }
  }
  return outcomes;
}

/** Carries out the items that do not throw. Those that throw are found by bisection. */
async function inHalves<Prepared, Result>(
  items: Prepared[],
  carryOut: (prepared: Prepared[]) => Promise<(Result | DomainError)[]>,
): Promise<(Result | DomainError)[]> {
  if (items.length === 0) return [];
  try {
    return await carryOut(items);
  } catch (error) {
    const isAway = error instanceof DomainError && error.kind === 'unavailable';
    if (error instanceof DomainError && (items.length === 1 || isAway)) return items.map(() => error);
    if (items.length === 1) throw error;
    const middle = Math.ceil(items.length / 2);
    const former = await inHalves(items.slice(0, middle), carryOut);
    return [...former, ...(await inHalves(items.slice(middle), carryOut))];
  }
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** Returns the id in an item of a bulk request, in lower case; undefined if it is not a UUID. */
export function idOfItem(item: unknown): string | undefined {
  const id = isRecord(item) ? item.id : undefined;
  return typeof id === 'string' && faultOfUuid(id) === undefined ? id.toLowerCase() : undefined;
}

/** Returns the outcome of an item that failed. */
export function bulkFailure({ kind, message, details }: DomainError, id?: string): BulkOutcome<never> {
  const ofKind = BULK_ERRORS[kind];
  // The schemas of the others require an id.
  const fits = ofKind === 'Validation' || id !== undefined;
  const type = details.bulkError ?? (fits ? ofKind : undefined) ?? 'ErrorResponse';
  const withId = id !== undefined && type !== 'InvalidArgument' && type !== 'ErrorResponse';
  return { _type: 'BulkActionFailure', error: { _type: type, ...(withId && { id }), message } };
}

const BULK_ERRORS: Partial<Record<DomainErrorKind, BulkError['_type']>> = {
  invalid: 'Validation',
  'not-found': 'NotFound',
  conflict: 'Integrity',
  unavailable: 'Infrastructure',
};

/** Returns the schema of one kind of error. */
function bulkError(type: string, description: string, id: 'none' | 'optional' | 'always', schema = type): Type {
  class Output {
    @Variant(type, description)
    _type: string;

    @ApiProperty({ description: 'The error message, for people.', example: description })
    message: string;
  }
  if (id === 'none') return named(schema, Output);
  // The decorator is applied by hand, so the type must be given.
  const idField = {
    description: 'The item.',
    type: String,
    example: EXAMPLE_IDS.tag,
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
  Infrastructure: bulkError('Infrastructure', 'The server cannot process the item at the moment.', 'always'),
  Integrity: bulkError('Integrity', 'The change conflicts with concurrent changes.', 'always'),
  InvalidArgument: bulkError('InvalidArgument', 'The item is not valid.', 'none'),
  NotFound: bulkError('NotFound', 'The entity could not be found.', 'always', 'EntityNotFound'),
  Validation: bulkError('Validation', 'A field is not valid.', 'optional'),
};

/**
 * Returns the schema `{data: outcome[]}` of a bulk operation.
 * @param entity the name that the outcomes' schemas contain: `EndUser`, `Agent`, `UUID`
 * @param success how the document shows the data of a success
 */
export function bulkOutput(name: string, entity: string, success: object): Type<{ data: BulkOutcome<unknown>[] }> {
  const { outcome, models } = outcomeSchemas(entity, success);
  @ApiExtraModels(...models)
  class Output {
    @ApiPropertyOptional({
      description: 'The result for each item, in the order of the request.',
      type: 'array',
      items: outcome,
    })
    data: BulkOutcome<unknown>[];
  }
  return named(name, Output);
}

const outcomes = new Map<string, ReturnType<typeof makeOutcomeSchemas>>();

/** Returns the schemas of an entity's outcomes, which several operations share. */
function outcomeSchemas(entity: string, success: object) {
  const known = outcomes.get(entity) ?? makeOutcomeSchemas(entity, success);
  outcomes.set(entity, known);
  return known;
}

function makeOutcomeSchemas(entity: string, success: object) {
  class Success {
    @Variant('BulkActionSuccess', 'The item was processed.')
    _type: 'BulkActionSuccess';

    @ApiProperty({ description: 'The result.', ...success })
    data: unknown;
  }
  class Failure {
    @Variant('BulkActionFailure', 'The item failed. Other items may have succeeded.')
    _type: 'BulkActionFailure';

    @ApiProperty({ description: 'The reason.', ...unionSchema(ERRORS) })
    error: BulkError;
  }
  const variants = {
    BulkActionSuccess: named(`BulkActionSuccess_BulkError_${entity}`, Success),
    BulkActionFailure: named(`BulkActionFailure_BulkError_${entity}`, Failure),
  };
  return { outcome: unionSchema(variants), models: [...Object.values(variants), ...Object.values(ERRORS)] };
}
