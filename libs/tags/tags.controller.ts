import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { AsOf } from '#libs/http/as-of.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, QueryInput } from '#libs/http/input.js';
import { Delete, Patch, Post } from '#libs/http/methods.js';
import { UuidParam } from '#libs/http/path-params.js';
import { Caller } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { tagStream } from './tag.stream.js';
import { CreateTagInput, CreateTagOutput, GetTagOutput, ListTagsOutput, ListTagsQuery } from './tags.dto.js';
import { ChangeTag, CreateTag, GetTag, ListTags } from './tags.handlers.js';

@ApiTags('Tags')
@Controller('v1/tags')
export class TagsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List all tags in an organization.',
    description: 'Sorted by name. Inactive tags are included unless `includeDeactivated=false`.',
    success: [200, 'The list of tags in an organization', ListTagsOutput],
  })
  async list(
    @Caller() caller: WriteContext,
    @QueryInput() { includeDeactivated = true }: ListTagsQuery,
    @AsOf() asOf?: Date,
  ): Promise<{ data: Sendable<object>[] }> {
    return {
      data: await this.queries.execute(
        new ListTags({ organizationId: caller.organizationId, includeDeactivated, asOf }),
      ),
    };
  }

  @Post()
  @Versioned(tagStream)
  @Endpoint({
    summary: 'Create a tag.',
    description: 'If a tag with this name exists, it is returned unchanged.',
    success: [200, 'The created tag, or the existing tag with the same name.', CreateTagOutput],
  })
  async createTag(
    @Caller() caller: WriteContext,
    @LenientBody() input: CreateTagInput,
  ): Promise<{ data: Sendable<object> }> {
    return {
      data: await this.commands.execute(new CreateTag({ context: caller, name: input.name, color: input.color })),
    };
  }

  @Get(':tagId')
  @Versioned(tagStream, 'tagId')
  @Endpoint({
    summary: 'Get a tag by id.',
    description: 'Inactive tags are returned, too.',
    success: [200, 'The tag', GetTagOutput],
    errors: [404],
  })
  async getById(
    @Caller() caller: WriteContext,
    @UuidParam('tagId', 'The tag id.') id: string,
    @AsOf() asOf?: Date,
  ): Promise<{ data: Sendable<object> }> {
    return { data: await this.queries.execute(new GetTag({ organizationId: caller.organizationId, id, asOf })) };
  }

  @Patch(':tagId/activate')
  @Versioned(tagStream, 'tagId')
  @Endpoint({
    summary: 'Activate a tag.',
    description: 'Activating an active tag changes nothing.',
    success: [204, 'The tag was successfully activated'],
    errors: [404, 409],
  })
  async activateTag(@Caller() caller: WriteContext, @UuidParam('tagId', 'The tag id.') id: string): Promise<void> {
    await this.commands.execute(new ChangeTag({ context: caller, change: { type: 'ActivateTag', id } }));
  }

  @Patch(':tagId/deactivate')
  @Versioned(tagStream, 'tagId')
  @Endpoint({
    summary: 'Deactivate a tag.',
    description: 'Conversations that have the tag keep it. Deactivating an inactive tag changes nothing.',
    success: [204, 'The tag was successfully deactivated'],
    errors: [404, 409],
  })
  async deactivateTag(@Caller() caller: WriteContext, @UuidParam('tagId', 'The tag id.') id: string): Promise<void> {
    await this.commands.execute(new ChangeTag({ context: caller, change: { type: 'DeactivateTag', id } }));
  }

  @Delete(':tagId')
  @Versioned(tagStream, 'tagId')
  @Endpoint({
    summary: 'Remove a tag.',
    description:
      'The tag is removed from all conversations, and its name becomes free. To keep it on conversations, deactivate it instead.',
    success: [204, 'The tag was successfully removed'],
    errors: [404, 409],
  })
  async removeTag(@Caller() caller: WriteContext, @UuidParam('tagId', 'The tag id.') id: string): Promise<void> {
    await this.commands.execute(new ChangeTag({ context: caller, change: { type: 'DeleteTag', id } }));
  }
}
