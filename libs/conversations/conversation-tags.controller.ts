import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { BulkInput } from '#libs/http/bulk-input.js';
import { BulkRequests } from '#libs/http/bulk-requests.js';
import { type BulkOutcome } from '#libs/http/bulk.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { validInput } from '#libs/http/input.js';
import { Delete, Post, Put } from '#libs/http/methods.js';
import { UuidParam } from '#libs/http/path-params.js';
import { Caller, May } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { type JsonText } from '#libs/platform/json-text.js';
import { type Tag } from '#libs/tags/tag.rules.js';
import { TagConversationByName } from './bulk-tags.handlers.js';
import { ConversationId } from './conversation-id.param.js';
import {
  BulkTagConversationInput,
  BulkTagConversationOutput,
  ConversationTagsOutput,
  TagConversationInput,
} from './conversation-tags.dto.js';
import { GetConversation, ListConversationTags } from './conversation-queries.handlers.js';
import { conversationStream } from './conversation.stream.js';
import { ChangeConversation, TagConversation } from './conversations.handlers.js';

const TagId = () => UuidParam('tagId', 'The tag id.');

/** The tags of a conversation. */
@ApiTags('Conversations')
@Controller('v1/conversations/:conversationId/tags')
export class ConversationTagsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly bulk: BulkRequests,
  ) {}

  @Get()
  @Endpoint({
    operationId: 'Conversations_listTags',
    summary: 'List the tags of a conversation.',
    description: 'Lists the tags in the order in which they were added.',
    success: [200, 'The list of tags', ConversationTagsOutput],
    errors: [404],
  })
  async listTags(@Caller() caller: WriteContext, @ConversationId() id: number): Promise<{ data: JsonText[] }> {
    return {
      data: await this.queries.execute(new ListConversationTags({ organizationId: caller.organizationId, id })),
    };
  }

  @Put(':tagId')
  @Versioned(conversationStream, 'conversationId')
  @Endpoint({
    operationId: 'Conversations_tag',
    summary: 'Add a tag to a conversation.',
    description:
      'If the tag is inactive, the answer is 409. A conversation can have at most 200 tags; beyond that, the answer is 409. Adding a tag again changes nothing.',
    success: [204, 'The conversation has the tag'],
    errors: [404, 409],
  })
  async tag(@Caller() caller: WriteContext, @ConversationId() id: number, @TagId() tagId: string): Promise<void> {
    await this.commands.execute(new TagConversation({ context: caller, id, tagId }));
  }

  @Delete(':tagId')
  @Versioned(conversationStream, 'conversationId')
  @Endpoint({
    operationId: 'Conversations_untag',
    summary: 'Remove a tag from a conversation.',
    description: 'Removing a tag that the conversation does not have changes nothing.',
    success: [204, 'The conversation does not have the tag'],
    errors: [404, 409],
  })
  async untag(@Caller() caller: WriteContext, @ConversationId() id: number, @TagId() tagId: string): Promise<void> {
    await this.commands.execute(
      new ChangeConversation({ context: caller, change: { type: 'UntagConversation', id, tagId } }),
    );
  }

  @Post('bulk')
  @Endpoint({
    operationId: 'Conversations_tagBulk',
    summary: 'Add many tags to a conversation by name.',
    description:
      'Adds each tag separately: one that fails does not affect the others. Names are compared without regard to case and invisible characters. A name that no tag has creates a tag, which requires the scope `tags:write`. A conversation can have at most 200 tags.',
    success: [200, 'The result for each tag, in the order of the request', BulkTagConversationOutput],
    errors: [404, 409],
  })
  async tagBulk(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @May('tags:write') mayCreate: boolean,
    @BulkInput(BulkTagConversationInput) items: unknown[],
  ): Promise<{ data: BulkOutcome<Tag>[] }> {
    const { organizationId } = caller;
    await this.queries.execute(new GetConversation({ organizationId, id }));
    const work = {
      prepare: async (item: unknown) => (await validInput(TagConversationInput, item, 'ignore')).name,
      carryOut: (names: string[]) =>
        this.commands.execute(new TagConversationByName({ context: caller, id, names, mayCreate })),
    };
    return { data: await this.bulk.each(organizationId, items, work) };
  }
}
