import { Controller, Get, type Type } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint, named } from '#libs/platform/http/endpoint.js';
import { QueryInput } from '#libs/platform/http/input.js';
import { Paged, PageQuery, Pages } from '#libs/platform/http/paging.js';
import { Caller, GrantedScopes } from '#libs/platform/http/request-context.js';
import { type Scope } from '#libs/platform/scopes.js';
import { HistoryOutput } from './history.dto.js';
import { GetHistory } from './history.handlers.js';
import { HISTORY_RESOURCES, type HistoryResource } from './history-resources.js';

/** One for each resource: the document names each operation, and its scope follows from its path. */
export const HISTORY_CONTROLLERS = HISTORY_RESOURCES.map(historyController);

function historyController(resource: HistoryResource): Type {
  const { path, id: Id, group, entity, note } = resource;
  const name = group.replaceAll(' ', '');

  @ApiTags(group)
  @Controller('v1')
  class HistoryController {
    constructor(private readonly queries: QueryBus) {}

    @Get(`${path}/history`)
    @Endpoint({
      operationId: `${name}_getHistory`,
      summary: `Get the history of ${withArticle(entity)}.`,
      description: `Its events, newest first, also when it is deleted: what happened, when, by whom, through which API token and request. The name of the agent who acted is there with the scope \`agents:read\`. Personal data that has been removed is absent, with \`redacted: true\`.${note ? ` ${note}` : ''}`,
      success: [200, 'A page of the history', HistoryOutput],
      errors: [404],
    })
    async getHistory(
      @Caller() { organizationId }: WriteContext,
      @Id id: string | number,
      @QueryInput() query: PageQuery,
      @Paged() pages: Pages,
      @GrantedScopes() granted: readonly Scope[],
    ) {
      const request = pages.requested(query);
      const history = new GetHistory(organizationId, resource, String(id), request, granted);
      return pages.answer(await this.queries.execute(history));
    }
  }
  return named(`${name}HistoryController`, HistoryController);
}

function withArticle(entity: string): string {
  const name = entity.startsWith('API') ? entity : entity.toLowerCase();
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}
