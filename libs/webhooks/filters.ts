import { isPlainText, isRecord } from '#libs/platform/values.js';

/** What a filter can look at. An event has only some of these fields. */
export const FILTER_FIELDS = ['InitialChannel', 'OperationOrigin', 'QueueId'] as const;

export type FilterField = (typeof FILTER_FIELDS)[number];

export interface Condition {
  _type: 'IsOneOf' | 'IsNotOneOf';
  field: FilterField;
  values: string[];
}

/** Which events of one name a subscription wants. */
export interface Filters {
  _type: 'CombinedFilters';
  strategy: 'All' | 'Any';
  conditions: Condition[];
}

/** Whether an event passes. A field that the event does not have is not one of any values. */
export function passes(filters: Filters | undefined, fields: Partial<Record<FilterField, string>>): boolean {
  if (!filters) return true;
  const holds = ({ _type, field, values }: Condition) => {
    const value = fields[field];
    const listed = value !== undefined && values.includes(value);
    return _type === 'IsOneOf' ? listed : !listed;
  };
  return filters.strategy === 'All' ? filters.conditions.every(holds) : filters.conditions.some(holds);
}

const MAX_VALUES = 100;

/** Why a map from event names to filters is refused, or undefined. */
export function faultOfFilters(value: unknown, eventNames: readonly string[]): string | undefined {
  if (!isRecord(value)) return 'must be an object';
  for (const [event, filters] of Object.entries(value)) {
    if (!eventNames.includes(event)) return `may only name these events: ${eventNames.join(', ')}`;
    if (!isRecord(filters) || filters._type !== 'CombinedFilters') return `needs _type CombinedFilters for ${event}`;
    if (!hasOnly(filters, ['_type', 'strategy', 'conditions'])) return `has fields for ${event} that do not exist`;
    if (filters.strategy !== 'All' && filters.strategy !== 'Any') return `needs strategy All or Any for ${event}`;
    const { conditions } = filters;
    if (!Array.isArray(conditions) || conditions.length === 0 || conditions.length > MAX_VALUES) {
      return `needs 1 to ${MAX_VALUES} conditions for ${event}`;
    }
    if (!conditions.every(isCondition)) {
      return `needs conditions for ${event} with _type IsOneOf or IsNotOneOf, field ${FILTER_FIELDS.join(' or ')}, and 1 to ${MAX_VALUES} values of at most 255 characters`;
    }
  }
  return undefined;
}

function hasOnly(value: object, fields: string[]): boolean {
  return Object.keys(value).every((field) => fields.includes(field));
}

function isCondition(value: unknown): value is Condition {
  if (!isRecord(value)) return false;
  const { _type, field, values } = value;
  if (!hasOnly(value, ['_type', 'field', 'values'])) return false;
  return (
    (_type === 'IsOneOf' || _type === 'IsNotOneOf') &&
    FILTER_FIELDS.includes(field as FilterField) &&
    Array.isArray(values) &&
    values.length > 0 &&
    values.length <= MAX_VALUES &&
    values.every((item) => isPlainText(item) && item.length <= 255)
  );
}
