import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '#libs/database/database.js';
import { type Page, type PageRequest } from '#libs/database/keyset.js';
import { endUsersFound } from '#libs/end-users/found-end-users.published.js';
import { query } from '#libs/platform/messages.js';
import { ConversationSearch } from './conversation-search.js';
import { HighlightsReader } from './highlights.reader.js';
import { type SearchFilters } from './search-conditions.js';
import { type ConversationSearchHit, type SearchWords } from './search.dto.js';
import { tsqueryOf, wordQuery } from './words.js';

/** A page of the conversations that have the words and match the filters, newest first. */
export class SearchConversations extends query<
  {
    organizationId: string;
    words?: SearchWords;
    filters?: SearchFilters;
    /** Whether requesters are searched as well. */
    showsEndUsers: boolean;
    request: PageRequest;
  },
  Page<ConversationSearchHit>
>() {}

/** Number of end users whose conversations are found by their names and addresses. */
const MAX_REQUESTERS = 100;

@QueryHandler(SearchConversations)
export class SearchConversationsHandler implements IQueryHandler<SearchConversations> {
  constructor(
    private readonly database: Database,
    private readonly search: ConversationSearch,
    private readonly highlights: HighlightsReader,
  ) {}

  async execute(search: SearchConversations): Promise<Page<ConversationSearchHit>> {
    const { organizationId, words, filters, request } = search;
    if (!words) {
      const page = await this.search.page({ organizationId, filters, requesterIds: [] }, request);
      return { ...page, rows: page.rows.map(({ id }) => ({ id, highlights: {} })) };
    }
    const wanted = wordQuery(words.value, words.exactMatch ?? false);
    const requesterIds = search.showsEndUsers ? await this.#requesters(organizationId, words) : [];
    const tsquery = tsqueryOf(organizationId, wanted);
    const page = await this.search.page({ organizationId, filters, words: tsquery, requesterIds }, request);
    const ids = page.rows.map(({ id }) => id);
    return { ...page, rows: await this.highlights.hits(organizationId, ids, wanted, requesterIds) };
  }

  async #requesters(organizationId: string, { value, exactMatch = false }: SearchWords): Promise<string[]> {
    const select = endUsersFound(organizationId, value, exactMatch, MAX_REQUESTERS);
    return (await this.database.query<{ id: string }>(organizationId, select)).map(({ id }) => id);
  }
}
