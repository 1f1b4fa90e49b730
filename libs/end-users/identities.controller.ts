import { Controller, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { StrictBody } from '#libs/http/input.js';
import { Post, Put } from '#libs/http/methods.js';
import { TextParam, UuidParam } from '#libs/http/path-params.js';
import { Caller } from '#libs/http/request-context.js';
import { faultOfAddress } from '#libs/people/contact.js';
import { invalidBody } from '#libs/platform/domain-error.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { MergeEndUser } from './end-user.published.js';
import {
  type EndUserOutput,
  MergeEndUserInput,
  MergeEndUserOutput,
  ReplaceByExternalIdInput,
  ReplaceByExternalIdOutput,
} from './end-users.dto.js';
import { GetEndUser } from './end-users.handlers.js';
import { ReplaceByExternalId } from './replace-by-external-id.handler.js';

/** Identities of end users: their ids in other systems, and merges of duplicates. */
@ApiTags('End Users')
@Controller('v1/endusers')
export class IdentitiesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Put('external/:externalId')
  @ApiResponse({ status: 201, description: 'The created end user', type: ReplaceByExternalIdOutput })
  @Endpoint({
    operationId: 'EndUsers_replaceByExternalId',
    summary: 'Create or replace the end user with an external id.',
    description:
      'Replaces the fields of the end user with this external id, primary or additional. Fields that are not sent are cleared; external ids and custom attributes stay. If no end user has the id, one is created. Concurrent calls create one end user.',
    success: [200, 'The updated end user', ReplaceByExternalIdOutput],
    errors: [409],
  })
  async replaceByExternalId(
    @Caller() caller: WriteContext,
    @TextParam('externalId', 'The id in another system, URL-encoded.', 'crm-20417', faultOfAddress) externalId: string,
    @StrictBody() { externalId: named, ...input }: ReplaceByExternalIdInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ data: EndUserOutput }> {
    if ((named ?? externalId) !== externalId) {
      throw invalidBody([{ path: 'externalId', message: 'must be the external id in the path, or be omitted' }]);
    }
    const { created, endUser } = await this.commands.execute(
      new ReplaceByExternalId({ context: caller, externalId, input }),
    );
    if (created) reply.status(201);
    return { data: endUser };
  }

  @Post(':userId/merge')
  @Endpoint({
    operationId: 'EndUsers_mergeUser',
    summary: 'Merge an end user into another one.',
    description:
      'In one transaction, the other end user takes over the conversations (at most 1,000, else 409), the addresses, external ids and custom attributes, and the fields that it lacks. Where both have a value, the other end user keeps its own; addresses and external ids of the merged end user become additional ones. From then on, the answer for the merged end user is 404 with the id of the other in `mergedInto`. A merge cannot be undone.',
    success: [200, 'The end user that remains', MergeEndUserOutput],
    errors: [404, 409],
  })
  async mergeUser(
    @Caller() caller: WriteContext,
    @UuidParam('userId', 'The id of the end user that is merged.') id: string,
    @StrictBody() { intoId }: MergeEndUserInput,
  ): Promise<{ data: Sendable<object> }> {
    await this.commands.execute(new MergeEndUser({ context: caller, id, intoId }));
    const { organizationId } = caller;
    return { data: await this.queries.execute(new GetEndUser({ organizationId, id: intoId })) };
  }
}
