import { CONVERSATION_CHANNELS } from '#libs/platform/channels.js';
import { isLongerThan, quoted } from '#libs/platform/text.js';
import { faultOfUuid } from '#libs/platform/uuid.js';
import { isPlainText, isRecord } from '#libs/platform/values.js';

/** Fields that filters can use. An event has only some of these fields. */
export const FILTER_FIELDS = ['InitialChannel', 'OperationOrigin', 'QueueId'] as const;

export type FilterField = (typeof FILTER_FIELDS)[number];

export interface Condition {
  _type: 'IsOneOf' | 'IsNotOneOf';
  field: FilterField;
  values: string[];
}

/** The filters of a subscription for events of one name. */
export interface Filters {
  _type: 'CombinedFilters';
  strategy: 'All' | 'Any';
  conditions: Condition[];
}

/** Possible values of fields; those of other fields are ids of queues. */
const VALUES: Partial<Record<FilterField, readonly string[]>> = {
  InitialChannel: CONVERSATION_CHANNELS,
  OperationOrigin: ['Api', 'System'],
};

/** Normalizes values: `WidgetChat` equals `WIDGET_CHAT`, as in payloads. */
function plain(value: string): string {
  return value.replaceAll('_', '').toLowerCase();
}

/** Returns whether an event passes. A field that the event lacks matches no value. */
export function passes(filters: Filters | undefined, fields: Partial<Record<FilterField, string>>): boolean {
  if (!filters) return true;
  const holds = ({ _type, field, values }: Condition) => {
    const value = fields[field];
    const listed = value !== undefined && values.some((one) => plain(one) === plain(value));
    return _type === 'IsOneOf' ? listed : !listed;
  };
  return filters.strategy === 'All' ? filters.conditions.every(holds) : filters.conditions.some(holds);
}

const MAX_VALUES = 100;

/**
 * Returns why a map from event names to filters is refused, or undefined.
 * @param fieldsOf the fields that an event's filters can use; undefined if there is no such event
 * @param faultOfEvent why the name of an event is refused
 */
export function faultOfFilters(
  value: unknown,
  fieldsOf: (event: string) => readonly FilterField[] | undefined,
  faultOfEvent: (event: string, verb: 'contains') => string,
): string | undefined {
  if (!isRecord(value)) return 'must be an object';
  for (const [event, filters] of Object.entries(value)) {
    const fields = fieldsOf(event);
    if (!fields) return faultOfEvent(event, 'contains');
    if (!isRecord(filters) || filters._type !== 'CombinedFilters') return `needs _type CombinedFilters for ${event}`;
    if (!hasOnly(filters, ['_type', 'strategy', 'conditions'])) return `has unknown fields for ${event}`;
    if (filters.strategy !== 'All' && filters.strategy !== 'Any') return `needs strategy All or Any for ${event}`;
    const { conditions } = filters;
    if (!Array.isArray(conditions) || conditions.length === 0 || conditions.length > MAX_VALUES) {
      return `needs 1 to ${MAX_VALUES} conditions for ${event}`;
    }
    const fault = conditions.map((condition) => faultOfCondition(condition, fields)).find(Boolean);
    if (fault) return `has a condition for ${event} that ${fault}`;
  }
  return undefined;
}

/** Refuses conditions that could never match: they would silently suppress events. */
function faultOfCondition(condition: unknown, fields: readonly FilterField[]): string | undefined {
  if (!isCondition(condition)) {
    return `is not of the form {_type: IsOneOf or IsNotOneOf, field, values: 1 to ${MAX_VALUES} texts of at most 255 characters}`;
  }
  const { field, values } = condition;
  if (!fields.includes(field))
    return `uses the field ${field}, but ${fields.length > 0 ? `can only use: ${fields.join(', ')}` : 'the event has no fields for filters'}`;
  const possible = VALUES[field];
  const fits = (value: string) =>
    possible ? possible.some((one) => plain(one) === plain(value)) : faultOfUuid(value) === undefined;
  const unknown = values.find((value) => !fits(value));
  if (unknown === undefined) return undefined;
  return `contains ${unknown === '' ? 'an empty text' : quoted(unknown)}, but ${field} must be ${possible ? `one of: ${possible.join(', ')}` : 'the id of a queue, a UUID'}`;
}

/** Returns the ids of all queues that filters name, each once, in lower case. */
export function queuesOf(filters: Record<string, Filters>): string[] {
  const conditions = Object.values(filters).flatMap((combined) => combined.conditions);
  const values = conditions.filter(({ field }) => field === 'QueueId').flatMap((condition) => condition.values);
  return [...new Set(values.map((value) => value.toLowerCase()))];
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
    values.every((item) => isPlainText(item) && !isLongerThan(item, 255))
  );
}
