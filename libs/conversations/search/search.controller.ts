import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, QueryInput } from '#libs/http/input.js';
import { PostWithoutKey } from '#libs/http/methods.js';
import { Paged, Pages } from '#libs/http/paging.js';
import { Caller, GrantedScopes } from '#libs/http/request-context.js';
import { invalidBody } from '#libs/platform/domain-error.js';
import { type Scope } from '#libs/platform/scopes.js';
import { showsPersonal } from '#libs/resources/scopes.js';
import {
  SearchConversationsWithFiltersOutput,
  SearchOutput,
  SearchParametersInput,
  SearchQuery,
  SearchWithFiltersQuery,
} from './search.dto.js';
import { SearchConversations } from './search.handlers.js';

const WHERE =
  'Words are searched in messages, notes and subjects, regardless of case and accents. If the token has the scope `endusers:read`, conversations are also found by the requester: the beginning of the name, the e-mail address, or the phone number with its country code, of at most 100 end users. Newest conversations first.';

/** Searches conversations by their texts. */
@ApiTags('Conversations')
@Controller('v1/search/conversations')
export class SearchController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Endpoint({
    operationId: 'Conversations_search',
    summary: 'Search conversations.',
    description: WHERE,
    success: [200, 'A page of the conversations that match', SearchOutput],
  })
  async search(
    @Caller() { organizationId }: WriteContext,
    @GrantedScopes() granted: readonly Scope[],
    @QueryInput() query: SearchQuery,
    @Paged() pages: Pages,
  ) {
    const request = pages.requested(query);
    const words = { value: query.query, exactMatch: query.exactMatch };
    const showsEndUsers = showsPersonal(granted, 'endUser');
    return pages.answer(
      await this.queries.execute(new SearchConversations({ organizationId, words, showsEndUsers, request })),
    );
  }

  @PostWithoutKey()
  @Endpoint({
    operationId: 'Conversations_searchWithFilters',
    summary: 'Search conversations with filters.',
    description: `${WHERE} At least one of \`query\` and \`filters\` is required. For another page, POST the same body to the URL in \`meta\`. The request changes nothing, so it takes no Idempotency-Key.`,
    success: [200, 'A page of the conversations that match', SearchConversationsWithFiltersOutput],
  })
  async searchWithFilters(
    @Caller() { organizationId }: WriteContext,
    @GrantedScopes() granted: readonly Scope[],
    @QueryInput() query: SearchWithFiltersQuery,
    @LenientBody() { query: words, filters }: SearchParametersInput,
    @Paged() pages: Pages,
  ) {
    if (!words && !filters) throw invalidBody([{ path: '', message: NOTHING_SOUGHT }]);
    const request = pages.requested(query);
    const showsEndUsers = showsPersonal(granted, 'endUser');
    const search = new SearchConversations({ organizationId, words, filters, showsEndUsers, request });
    const { rows, ...links } = await this.queries.execute(search);
    return pages.answer({ ...links, rows: rows.map(({ id, highlights }) => ({ id, highlights })) });
  }
}

const NOTHING_SOUGHT = 'must have query, filters or both, such as {"query": {"value": "order arrived"}}';
