import { hasAttribute, type SearchedAttribute } from '#libs/custom-attributes/searched-values.published.js';
import { type Statement } from '#libs/database/batch.js';
import { instantKey, Keyset } from '#libs/database/keyset.js';
import { type Parameter, searchOf } from '#libs/database/search.js';
import { type ListedRow } from '#libs/event-store/entity-reader.js';
import { type ConversationChannel } from '#libs/platform/channels.js';
import { TAGS, VALUES } from './conversation-parts.projection.js';
import { type ConversationState } from './conversation.rules.js';

/** The filters of a list, all of which must hold. Instants are in UTC; the end of a period is exclusive. */
export interface ConversationSearch {
  state?: ConversationState;
  channel?: ConversationChannel;
  queueId?: string;
  assigneeId?: string;
  requesterId?: string;
  tagId?: string;
  attribute?: SearchedAttribute;
  createdSince?: string;
  createdUntil?: string;
  updatedSince?: string;
  updatedUntil?: string;
  closedSince?: string;
  closedUntil?: string;
}

/** A row with its sort keys. Only those of the list's order are present besides the id. */
interface SortedRow extends ListedRow {
  created_at_ms: string;
  recorded_at_ms: string;
  queued_at_ms: string;
}

const ID = { name: 'id', type: 'bigint', of: ({ id }: SortedRow) => id } as const;
const CREATED = instantKey('created_at');
const UPDATED = instantKey('recorded_at');

/** The orders of lists. */
export const ORDERS = {
  createdAt: new Keyset<SortedRow>([CREATED, ID], 'ASC'),
  '-createdAt': new Keyset<SortedRow>([CREATED, ID], 'DESC'),
  updatedAt: new Keyset<SortedRow>([UPDATED, ID], 'ASC'),
  '-updatedAt': new Keyset<SortedRow>([UPDATED, ID], 'DESC'),
};
export type ConversationOrder = keyof typeof ORDERS;

/** The order of a queue, which is also that of the positions in it. */
export const LONGEST_WAITING_FIRST = new Keyset<SortedRow>([instantKey('queued_at'), ID], 'ASC');

/** Returns the search as a query, for a {@link Keyset} of {@link ORDERS}. */
export function conversationsWhere(organizationId: string, columns: string, search: ConversationSearch): Statement {
  return searchOf(organizationId, `SELECT ${columns} FROM conversations`, (parameter) =>
    conditionsOf(search, parameter),
  );
}

/** Returns the conversations that wait in a queue as a query, for {@link LONGEST_WAITING_FIRST}. */
export function waitingIn(organizationId: string, columns: string, queueId: string): Statement {
  const text = `SELECT ${columns} FROM conversations
    WHERE organization_id = $1 AND queue_id = $2 AND queued_at IS NOT NULL`;
  return { text, values: [organizationId, queueId] };
}

/** The columns of filters for one value. */
const COLUMNS = {
  state: 'state',
  channel: 'channel',
  queueId: 'queue_id',
  assigneeId: 'assignee_id',
  requesterId: 'requester_id',
} as const;

function conditionsOf(search: ConversationSearch, parameter: Parameter): string[] {
  const { tagId, attribute } = search;
  const equal = Object.entries(COLUMNS).flatMap(([filter, column]) => {
    const value = search[filter as keyof typeof COLUMNS];
    return value === undefined ? [] : [`${column} = ${parameter(value)}`];
  });
  const tagged = `id IN (SELECT ${TAGS.owner} FROM ${TAGS.table} WHERE organization_id = $1 AND tag_id =`;
  return [
    ...equal,
    ...periodsOf(search, parameter),
    ...(tagId === undefined ? [] : [`${tagged} ${parameter(tagId)})`]),
    ...(attribute === undefined ? [] : [hasAttribute(VALUES, attribute, parameter)]),
  ];
}

/**
 * A conversation is not closed before it is created, nor last changed before either. The conditions that follow from
 * this are added: they bound the part of an order's index that must be read.
 */
function periodsOf(search: ConversationSearch, parameter: Parameter): string[] {
  const { createdSince, createdUntil, updatedSince, updatedUntil, closedSince, closedUntil } = search;
  const created = [createdSince, earliest(createdUntil, updatedUntil, closedUntil)] as const;
  const updated = [latest(createdSince, updatedSince, closedSince), updatedUntil] as const;
  const closed = [closedSince, closedUntil] as const;
  return Object.entries({ created_at: created, recorded_at: updated, closed_at: closed }).flatMap(
    ([column, [since, until]]) => [
      ...(since === undefined ? [] : [`${column} >= ${parameter(since)}`]),
      ...(until === undefined ? [] : [`${column} < ${parameter(until)}`]),
    ],
  );
}

/** Instants in UTC, with equally many digits, sort as texts. */
function sorted(instants: (string | undefined)[]): string[] {
  return instants.filter((instant) => instant !== undefined).sort();
}

function earliest(...instants: (string | undefined)[]): string | undefined {
  return sorted(instants)[0];
}

function latest(...instants: (string | undefined)[]): string | undefined {
  return sorted(instants).at(-1);
}
