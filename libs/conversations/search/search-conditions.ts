import { type Parameter } from '#libs/database/search.js';
import { type ConversationChannel } from '#libs/platform/channels.js';
import { TAGS, VALUES } from '../conversation-parts.projection.js';
import { type ConversationState, type Direction } from '../conversation.rules.js';

/** The channels by their names in a search. The API also has names of channels that this server does not have. */
export const CHANNELS: Record<string, ConversationChannel | undefined> = {
  email: 'Email',
  contactform: 'ContactForm',
  chat: 'WidgetChat',
  dixamessenger: 'Messenger',
  phone: 'PstnPhone',
  voicemail: 'Voicemail',
  callback: 'Callback',
  sms: 'Sms',
  facebookmessenger: 'FacebookMessenger',
  whatsapp: 'WhatsApp',
  twitter: 'Twitter',
  adachat: undefined,
  digitalgeniuschat: undefined,
  kindlychat: undefined,
  genericapimessaging: undefined,
  trustpilot: undefined,
  yotpo: undefined,
};

/** The directions and states by their names in a search. */
export const DIRECTIONS: Record<string, Direction> = { inbound: 'Inbound', outbound: 'Outbound', internal: 'Internal' };
export const STATUSES: Record<string, ConversationState> = { open: 'Open', closed: 'Closed', pending: 'Pending' };

/** An operator as clients send it, with the operands of its kind. Instants are in UTC. */
export interface Operator {
  _type: string;
  values?: (string | string[])[];
  timestamp?: string;
  timestampFrom?: string;
  timestampTo?: string;
  /** In seconds. */
  min?: number;
  max?: number;
  duration?: number;
}

export interface SearchCondition {
  field: { _type: string; attributeId?: string; operator: Operator };
}

/** Conditions, all or any of which must hold. Without conditions, all conversations match. */
export interface SearchFilters {
  strategy: 'All' | 'Any';
  conditions?: SearchCondition[];
}

type Sql = (operator: Operator, parameter: Parameter, attributeId?: string) => string;
type Operators = Record<string, Sql>;

/** Returns the operators of a column that has one value or none. @param names the column's values by their names */
function single(column: string, type: string, names?: Record<string, string | undefined>): Operators {
  const isOneOf: Sql = ({ values = [] }, parameter) => {
    const spelled = names ? values.map((name) => names[name as string]).filter((value) => value !== undefined) : values;
    return `${column} = ANY(${parameter(spelled)}::${type}[])`;
  };
  return {
    IsEmpty: () => `${column} IS NULL`,
    IsNotEmpty: () => `${column} IS NOT NULL`,
    IsOneOf: isOneOf,
    IsNotOneOf: (...given) => `(${isOneOf(...given)}) IS NOT TRUE`,
  };
}

/** Returns the operators of a column of instants. The end of a period is exclusive. */
function instant(column: string): Operators {
  return {
    Between: ({ timestampFrom, timestampTo }, parameter) =>
      `(${column} >= ${parameter(timestampFrom)} AND ${column} < ${parameter(timestampTo)})`,
    Since: ({ timestamp }, parameter) => `${column} >= ${parameter(timestamp)}`,
    Until: ({ timestamp }, parameter) => `${column} < ${parameter(timestamp)}`,
  };
}

/** Seconds from the creation to the closing; conversations that are not closed have no duration. */
const SECONDS = 'extract(epoch FROM closed_at - created_at)';
const duration: Operators = {
  Between: ({ min, max }, parameter) => `${SECONDS} BETWEEN ${parameter(min)} AND ${parameter(max)}`,
  LongerThanOrEqualTo: ({ duration }, parameter) => `${SECONDS} >= ${parameter(duration)}`,
  ShorterThanOrEqualTo: ({ duration }, parameter) => `${SECONDS} <= ${parameter(duration)}`,
};

const TAGGED = `id IN (SELECT ${TAGS.owner} FROM ${TAGS.table} WHERE organization_id = $1`;
const hasOneOf: Sql = ({ values }, parameter) => `${TAGGED} AND tag_id = ANY(${parameter(values ?? [])}::uuid[]))`;
const hasAll: Sql = ({ values = [] }, parameter) =>
  allOf(values.map((tagId) => `${TAGGED} AND tag_id = ${parameter(tagId)})`));
const tags: Operators = {
  IsEmpty: () => `NOT ${TAGGED})`,
  IsNotEmpty: () => `${TAGGED})`,
  IncludesOne: hasOneOf,
  IncludesAll: hasAll,
  ExcludesAll: (...given) => `NOT (${hasOneOf(...given)})`,
  ExcludesOne: (...given) => `NOT (${hasAll(...given)})`,
};

/** A value is a path: the attribute must have each of its options. */
const hasValue: Sql = ({ values = [] }, parameter, attributeId) => {
  const attribute = parameter(attributeId);
  const paths = values.map((path) =>
    allOf(
      [path].flat().map(
        (value) =>
          `id IN (SELECT ${VALUES.owner} FROM ${VALUES.table}
             WHERE organization_id = $1 AND attribute_id = ${attribute} AND value = ${parameter(value)})`,
      ),
    ),
  );
  return anyOf(paths);
};
const isSet: Sql = (_, parameter, attributeId) =>
  `(document->'customAttributes'->(${parameter(attributeId)}::text)) IS NOT NULL`;
const customAttribute: Operators = {
  IsEmpty: (...given) => `NOT (${isSet(...given)})`,
  IsNotEmpty: isSet,
  IsOneOf: hasValue,
  IsNotOneOf: (...given) => `NOT (${hasValue(...given)})`,
};

/** The SQL of each field: a column of conversations, or of the tables that belong to them. */
const FIELDS: Record<string, Operators> = {
  AgentId: single('assignee_id', 'uuid'),
  AssignedDate: instant('assigned_at'),
  Channel: single('channel', 'text', CHANNELS),
  ClosedDate: instant('closed_at'),
  ContactId: single('requester_id', 'uuid'),
  ConversationId: single('id', 'bigint'),
  CreationDate: instant('created_at'),
  CustomAttribute: customAttribute,
  Direction: single('direction', 'text', DIRECTIONS),
  Duration: duration,
  LastActivity: instant('recorded_at'),
  LastMessage: instant('last_message_at'),
  QueueId: single('queue_id', 'uuid'),
  Status: single('state', 'text', STATUSES),
  TagId: tags,
};

/** Returns filters as a condition on the rows of conversations. They are valid by their DTO. */
export function conditionOf({ strategy, conditions = [] }: SearchFilters, parameter: Parameter): string {
  if (conditions.length === 0) return 'true';
  const all = conditions.map(({ field: { _type, operator, attributeId } }) =>
    (FIELDS[_type]?.[operator._type] as Sql)(operator, parameter, attributeId),
  );
  return strategy === 'All' ? allOf(all) : anyOf(all);
}

function allOf(conditions: string[]): string {
  return conditions.length === 0 ? 'true' : `(${conditions.join(' AND ')})`;
}

function anyOf(conditions: string[]): string {
  return conditions.length === 0 ? 'false' : `(${conditions.join(' OR ')})`;
}
