import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody } from '#libs/http/input.js';
import { Post } from '#libs/http/methods.js';
import { UuidParam } from '#libs/http/path-params.js';
import { Caller } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { ConversationId } from './conversation-id.param.js';
import { conversationStream } from './conversation.stream.js';
import {
  type ConversationRating,
  CreateRatingOfferInput,
  CreateRatingOfferOutput,
  CreateRatingResultInput,
  CreateRatingResultOutput,
  ListConversationRatingsOutput,
  type RatingOffer,
  type RatingResult,
} from './ratings.dto.js';
import { ListRatings, OfferRating, SubmitRating } from './ratings.handlers.js';

const LIST = 'Lists the ratings in the order in which they were offered, at most 50.';

/** The ratings of conversations by their end users. */
@ApiTags('Conversations')
@Controller('v1/conversations/:conversationId')
export class ConversationRatingsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get('ratings')
  @Endpoint({
    operationId: 'Conversations_listRatings',
    summary: 'List the ratings of a conversation.',
    description: LIST,
    success: [200, 'The list of ratings', ListConversationRatingsOutput],
    errors: [404],
  })
  async list(
    @Caller() { organizationId }: WriteContext,
    @ConversationId() id: number,
  ): Promise<{ data: ConversationRating[] }> {
    return { data: await this.queries.execute(new ListRatings({ organizationId, id })) };
  }

  @Get('rating')
  @Endpoint({
    operationId: 'Conversations_getRating',
    summary: 'List the ratings of a conversation by an older path.',
    description: `${LIST} The same as \`…/ratings\`.`,
    success: [200, 'The list of ratings', ListConversationRatingsOutput],
    errors: [404],
  })
  async get(@Caller() caller: WriteContext, @ConversationId() id: number): Promise<{ data: ConversationRating[] }> {
    return this.list(caller, id);
  }

  @Post('ratings/offer')
  @Versioned(conversationStream, 'conversationId', { answers: 'other' })
  @Endpoint({
    operationId: 'Conversations_offerRating',
    summary: 'Offer a rating to the end user of a conversation.',
    description:
      'Records the offer; sending it to the end user is up to the caller. A rating can be offered in any state of the conversation. A conversation can have at most 50 ratings; beyond that, the answer is 409.',
    success: [200, 'The offer', CreateRatingOfferOutput],
    errors: [404, 409],
  })
  async offer(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @LenientBody() input: CreateRatingOfferInput,
  ): Promise<{ data: RatingOffer }> {
    return { data: await this.commands.execute(new OfferRating({ context: caller, id, input })) };
  }

  @Post('ratings/:ratingId/submit')
  @Versioned(conversationStream, 'conversationId', { answers: 'other' })
  @Endpoint({
    operationId: 'Conversations_submitRating',
    summary: 'Submit a rating that was offered.',
    description:
      'A rating is submitted once. Submitting the same score again only adds a comment, if the rating has none. For another score, the answer is 409.',
    success: [200, 'The rating', CreateRatingResultOutput],
    errors: [404, 409],
  })
  async submit(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @UuidParam('ratingId', 'The rating id.') ratingId: string,
    @LenientBody() input: CreateRatingResultInput,
  ): Promise<{ data: RatingResult }> {
    return { data: await this.commands.execute(new SubmitRating({ context: caller, id, ratingId, input })) };
  }
}
