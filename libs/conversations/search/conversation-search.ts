import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database/database.js';
import { Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { type Parameter, searchOf } from '#libs/database/search.js';
import { type Statement } from '#libs/database/batch.js';
import { conditionOf, type SearchFilters } from './search-conditions.js';
import { SUBJECTS, TEXTS } from './texts.projection.js';

interface Found {
  id: number;
}

/** What conversations are searched by. */
export interface ConversationsWanted {
  organizationId: string;
  filters?: SearchFilters;
  /** The words as a tsquery. */
  words?: string;
  /** End users whose conversations match the words as well. */
  requesterIds: string[];
}

const NEWEST_FIRST = new Keyset<Found>([{ name: 'id', type: 'bigint', of: ({ id }) => id }], 'DESC');

/** Number of conversations whose texts are compared with the words one by one, at most, for each hit of a page. */
const NEAR = 25;
const MAX_ID = '9223372036854775807';

/** Finds conversations, newest first. */
@Injectable()
export class ConversationSearch {
  constructor(private readonly database: Database) {}

  /**
   * Returns a page of the conversations that match. An index on words returns all matches before the first of them can
   * be shown, so words are looked for twice: first in the next conversations one by one, which suffices if the words are
   * frequent; else by the index, where there are few matches then.
   */
  async page(wanted: ConversationsWanted, request: PageRequest): Promise<Page<Found>> {
    if (wanted.words === undefined) return this.#read(wanted, request, () => []);
    const { words } = wanted;
    const near = await this.#read(wanted, request, (parameter, filter) => [
      isNear(request, filter, parameter),
      `(requester_id = ANY(${parameter(wanted.requesterIds)}::uuid[]) OR ${hasWords(parameter(words))})`,
    ]);
    const isFull = request.cursor?.backward ? near.previous : near.next;
    if (isFull) return near;
    return this.#read(wanted, request, (parameter) => [
      `id IN (SELECT conversations_with_words(${parameter(words)}::tsquery) UNION
         SELECT id FROM conversations WHERE organization_id = $1 AND requester_id = ANY(${parameter(wanted.requesterIds)}))`,
    ]);
  }

  #read(
    { organizationId, filters }: ConversationsWanted,
    request: PageRequest,
    conditionsOf: (parameter: Parameter, filter: string) => string[],
  ): Promise<Page<Found>> {
    const select: Statement = searchOf(organizationId, 'SELECT id FROM conversations', (parameter) => {
      const filter = filters ? conditionOf(filters, parameter) : 'true';
      return [filter, ...conditionsOf(parameter, filter)];
    });
    return NEWEST_FIRST.read(this.database, organizationId, select, request);
  }
}

/** Returns the condition that a conversation is among the next that match the filter: see {@link NEAR}. */
function isNear({ cursor, limit }: PageRequest, filter: string, parameter: Parameter): string {
  const [backward, from] = [cursor?.backward ?? false, cursor?.values[0]];
  const [after, order, last, end] = backward ? ['>', 'ASC', '<= ', 'max'] : ['<', 'DESC', '>=', 'min'];
  const next = `SELECT id FROM conversations WHERE organization_id = $1 AND ${filter}
    AND id ${after} ${parameter(from ?? MAX_ID)} ORDER BY id ${order} LIMIT ${parameter(NEAR * limit)}`;
  return `id ${last} (SELECT ${end}(id) FROM (${next}) AS next)`;
}

/** PostgreSQL would look for all conversations with these words at once, but for the limits. */
function hasWords(words: string): string {
  const inTable = (table: string) => `(SELECT true FROM ${table} AS t
    WHERE t.organization_id = $1 AND t.conversation_id = conversations.id AND t.words @@ ${words}::tsquery LIMIT 1)`;
  return `${inTable(TEXTS)} OR ${inTable(SUBJECTS)}`;
}
