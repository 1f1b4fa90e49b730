import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database/database.js';
import { Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { type Parameter, searchOf } from '#libs/database/search.js';
import { type Statement } from '#libs/database/batch.js';
import { conditionOf, type SearchFilters } from './search-conditions.js';
import { SUBJECTS, TEXTS } from './search-index.projection.js';

interface Found {
  id: number;
}

/** The criteria of a search. */
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
const NEAR = 4;
/** Number of conversations with the words that are compared with filters at once, and how many times for a page. */
const FILTERED = { atOnce: 400, times: 3 };
const MAX_ID = '9223372036854775807';

/** Finds conversations, newest first. */
@Injectable()
export class ConversationSearch {
  constructor(private readonly database: Database) {}

  /**
   * Returns a page of the conversations that match. Words are searched first in the next conversations one by one,
   * which suffices if the words are frequent or the filters select few conversations, and then by the index. The work
   * is bounded: a page ends early, possibly empty, if few of the conversations with the words match the filters.
   */
  async page(wanted: ConversationsWanted, request: PageRequest): Promise<Page<Found>> {
    if (wanted.words === undefined) return this.#matching(wanted, request, () => []);
    const { words } = wanted;
    const near = await this.#matching(wanted, request, (parameter, filter) => [
      isNear(request, filter, parameter),
      `(requester_id = ANY(${parameter(wanted.requesterIds)}::uuid[]) OR ${hasWords(parameter(words))})`,
    ]);
    const isFull = request.cursor?.backward ? near.previous : near.next;
    return isFull ? near : this.#byIndex(wanted, request);
  }

  async #byIndex(wanted: ConversationsWanted, request: PageRequest): Promise<Page<Found>> {
    const { limit, cursor } = request;
    const backward = cursor?.backward ?? false;
    const { atOnce, times } = wanted.filters ? FILTERED : { atOnce: limit + 1, times: 1 };
    const found: Found[] = [];
    let last: Found | undefined;
    for (let time = 0; time < times; time++) {
      const having = await this.#having(wanted, last?.id ?? cursor?.values[0] ?? MAX_ID, backward, atOnce);
      found.push(...(wanted.filters ? await this.#filtered(wanted, having, backward) : having));
      if (found.length > limit || having.length < atOnce) return NEWEST_FIRST.pageOf(found, request);
      last = having.at(-1);
    }
    return NEWEST_FIRST.pageOf(found, request, last);
  }

  /** Returns the next conversations with the words, or of the requesters. */
  #having(
    { organizationId, words, requesterIds }: ConversationsWanted,
    from: string | number,
    backward: boolean,
    limit: number,
  ) {
    const [after, order] = backward ? ['>', 'ASC'] : ['<', 'DESC'];
    const text = `SELECT id FROM (
        SELECT conversations_with_words($2, $3, ${backward}, $4) AS id
        UNION (SELECT id FROM conversations
          WHERE organization_id = $1 AND requester_id = ANY($5) AND id ${after} $3 ORDER BY id ${order} LIMIT $4)
      ) AS found ORDER BY id ${order} LIMIT $4`;
    const values = [organizationId, words, from, limit, requesterIds];
    return this.database.query<Found>(organizationId, { text, values });
  }

  #filtered(
    { organizationId, filters }: ConversationsWanted,
    conversations: Found[],
    backward: boolean,
  ): Promise<Found[]> {
    const ids = conversations.map(({ id }) => id);
    const select = searchOf(organizationId, 'SELECT id FROM conversations', (parameter) => [
      `id = ANY(${parameter(ids)}::bigint[])`,
      ...(filters ? [conditionOf(filters, parameter)] : []),
    ]);
    return this.database.query<Found>(organizationId, {
      ...select,
      text: `${select.text} ORDER BY id ${backward ? 'ASC' : 'DESC'}`,
    });
  }

  #matching(
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

/** Without the limits, PostgreSQL would search for all conversations with these words at once. */
function hasWords(words: string): string {
  const inTable = (table: string) => `(SELECT true FROM ${table} AS t
    WHERE t.organization_id = $1 AND t.conversation_id = conversations.id
      AND t.words @@ words_in_window(${words}, conversations.id) LIMIT 1)`;
  return `${inTable(TEXTS)} OR ${inTable(SUBJECTS)}`;
}
