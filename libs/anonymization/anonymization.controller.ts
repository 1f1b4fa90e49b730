import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, QueryInput } from '#libs/http/input.js';
import { Patch, Post } from '#libs/http/methods.js';
import { IntegerParam, UuidParam } from '#libs/http/path-params.js';
import { Caller, GrantedScopes } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { type Scope } from '#libs/platform/scopes.js';
import { mustGrant } from '#libs/resources/scopes.js';
import { type Anonymized, anonymizedBy, AnonymizeEntityInput } from './anonymize-entity.dto.js';
import { AnonymizeEntityOutput, AnonymizeQuery, type AnonymizationRequestStatus } from './anonymization.dto.js';
import {
  GetAnonymizationRequest,
  RequestConversationAnonymization,
  RequestMessageAnonymization,
  RequestUserAnonymization,
} from './anonymization.handlers.js';
import { anonymizationStream } from './anonymization.stream.js';

@Controller('v1')
export class AnonymizationController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Patch('endusers/:userId/anonymize')
  @Versioned(endUserStream, 'userId', { answers: 'other' })
  @ApiTags('End Users')
  @Endpoint({
    operationId: 'EndUsers_anonymizeUser',
    summary: 'Request the anonymization of an end user.',
    description:
      'All personal data of the end user, of the end user’s conversations and messages is removed for good, also from history and delivery logs. If conversations are not closed, the answer is 409; with `force=true` they are closed first. If the end user is already anonymized, the answer is 409.',
    success: [202, 'The status of the anonymization request', AnonymizeEntityOutput],
    errors: [404, 409],
  })
  async anonymizeUser(
    @Caller() caller: WriteContext,
    @UuidParam('userId', 'The end user id.', EXAMPLE_IDS.otherEndUser) userId: string,
    @QueryInput() { force = false }: AnonymizeQuery,
  ): Promise<{ data: AnonymizationRequestStatus }> {
    const id = await this.commands.execute(new RequestUserAnonymization({ context: caller, userId, force }));
    return this.getRequest(caller, id);
  }

  @Patch('conversations/:conversationId/anonymize')
  @Versioned(conversationStream, 'conversationId', { answers: 'other' })
  @ApiTags('Conversations')
  @Endpoint({
    operationId: 'Conversations_anonymize',
    summary: 'Request the anonymization of a conversation.',
    description:
      'The personal data of the conversation and its messages is removed for good, also from history and delivery logs. The end user stays. If the conversation is not closed, the answer is 409; with `force=true` it is closed first.',
    success: [202, 'The status of the anonymization request', AnonymizeEntityOutput],
    errors: [404, 409],
  })
  async anonymizeConversation(
    @Caller() caller: WriteContext,
    @IntegerParam('conversationId', 'The conversation number.', 'Conversation', EXAMPLE_IDS.closedConversation)
    conversationId: number,
    @QueryInput() { force = false }: AnonymizeQuery,
  ): Promise<{ data: AnonymizationRequestStatus }> {
    const id = await this.commands.execute(
      new RequestConversationAnonymization({ context: caller, conversationId, force }),
    );
    return this.getRequest(caller, id);
  }

  @Patch('conversations/:conversationId/messages/:messageId/anonymize')
  @Versioned(conversationStream, 'conversationId', { answers: 'other' })
  @ApiTags('Conversations')
  @Endpoint({
    operationId: 'Conversations_anonymizeMessage',
    summary: 'Request the anonymization of a message.',
    description:
      'The content of the message is removed for good at once, and from delivery logs soon. The message itself, its author and its time stay. The state of the conversation does not matter. The answer is 409 if the message is already anonymized, or if it is the first message of a conversation that began before messages could be anonymized alone.',
    success: [202, 'The status of the anonymization request', AnonymizeEntityOutput],
    errors: [404, 409],
  })
  async anonymizeMessage(
    @Caller() caller: WriteContext,
    @IntegerParam('conversationId', 'The conversation number.', 'Conversation') conversationId: number,
    @UuidParam('messageId', 'The message id.') messageId: string,
  ): Promise<{ data: AnonymizationRequestStatus }> {
    const id = await this.commands.execute(
      new RequestMessageAnonymization({ context: caller, conversationId, messageId }),
    );
    return this.getRequest(caller, id);
  }

  @Post('anonymization')
  @ApiTags('Anonymization')
  @Endpoint({
    operationId: 'Anonymization_anonymize',
    summary: 'Request the anonymization of an end user, a conversation or a message.',
    description:
      'Does the same as the operations of the three kinds, and also requires the scope to write them: `endusers:write` for an end user, `conversations:write` for a conversation or message.',
    success: [202, 'The status of the anonymization request', AnonymizeEntityOutput],
    errors: [404, 409],
  })
  async anonymize(
    @Caller() caller: WriteContext,
    @GrantedScopes() granted: readonly Scope[],
    @LenientBody() input: AnonymizeEntityInput,
  ): Promise<{ data: AnonymizationRequestStatus }> {
    const target = anonymizedBy(input);
    mustGrant(granted, target.entity === 'User' ? 'endusers:write' : 'conversations:write');
    return this.getRequest(caller, await this.#request(caller, target));
  }

  @Get('anonymization/request/:requestId')
  @Versioned(anonymizationStream, 'requestId')
  @ApiTags('Anonymization')
  @Endpoint({
    summary: 'Get an anonymization request by id.',
    description: 'The request can be read while it is processed and afterwards.',
    success: [200, 'The status of the anonymization request', AnonymizeEntityOutput],
    errors: [404],
  })
  async getRequest(
    @Caller() caller: WriteContext,
    @UuidParam('requestId', 'The anonymization request id.') id: string,
  ): Promise<{ data: AnonymizationRequestStatus }> {
    return {
      data: await this.queries.execute(new GetAnonymizationRequest({ organizationId: caller.organizationId, id })),
    };
  }

  #request(context: WriteContext, target: Anonymized): Promise<string> {
    const { force } = target;
    switch (target.entity) {
      case 'Conversation':
        return this.commands.execute(
          new RequestConversationAnonymization({ context, conversationId: target.id, force }),
        );
      case 'Message':
        return this.commands.execute(new RequestMessageAnonymization({ context, messageId: target.id }));
      case 'User':
        return this.commands.execute(new RequestUserAnonymization({ context, userId: target.id, force }));
    }
  }
}
