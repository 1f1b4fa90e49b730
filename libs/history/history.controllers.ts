import { Controller, Get, type Type } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint, named } from '#libs/http/endpoint.js';
import { QueryInput } from '#libs/http/input.js';
import { Paged, PageQuery, Pages } from '#libs/http/paging.js';
import { IntegerParam, UuidParam } from '#libs/http/path-params.js';
import { Caller, GrantedScopes } from '#libs/http/request-context.js';
import { type Scope } from '#libs/platform/scopes.js';
import { type EntityWithHistory, type Resource } from '#libs/resources/resource.js';
import { RESOURCES } from '#libs/resources/resources.js';
import { HistoryOutput } from './history.dto.js';
import { GetHistory } from './history.handlers.js';

/** A controller for each resource, so that the document names each operation and its scope follows from its path. */
export const HISTORY_CONTROLLERS = RESOURCES.flatMap(({ path, group, entity }: Resource) =>
  entity ? [historyController(path, group.name, entity)] : [],
);

function historyController(path: string, group: string, entity: EntityWithHistory): Type {
  const { id: parameter, note } = entity;
  const Id = idParam(entity);
  const name = group.replaceAll(' ', '');

  @ApiTags(group)
  @Controller('v1')
  class HistoryController {
    constructor(private readonly queries: QueryBus) {}

    @Get(`${path}/:${parameter}/history`)
    @Endpoint({
      operationId: `${name}_getHistory`,
      summary: `Get the history of ${withArticle(entity.name)}.`,
      description: `Lists the events, newest first, also after the entity was deleted: what happened, when, on whose behalf, and through which API token and request. The name of the acting agent is included if the token has the scope \`agents:read\`. Removed personal data is absent, with \`redacted: true\`.${note ? ` ${note}` : ''}`,
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
      const history = new GetHistory({ organizationId, entity, id: String(id), request, granted });
      return pages.answer(await this.queries.execute(history));
    }
  }
  return named(`${name}HistoryController`, HistoryController);
}

function idParam({ id, name, numbered }: EntityWithHistory): ParameterDecorator {
  return numbered
    ? IntegerParam(id, `The ${lowerCase(name)}’s number.`, name)
    : UuidParam(id, `The ${lowerCase(name)} id.`);
}

function withArticle(name: string): string {
  const lower = lowerCase(name);
  return `${/^[aeiou]/i.test(lower) ? 'an' : 'a'} ${lower}`;
}

function lowerCase(name: string): string {
  return name.startsWith('API') ? name : name.toLowerCase();
}
