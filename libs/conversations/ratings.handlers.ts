import { randomUUIDv7 } from 'node:crypto';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { agentById, agentsExist } from '#libs/agents/agent.published.js';
import { Database } from '#libs/database/database.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { type ConversationChannel } from '#libs/platform/channels.js';
import { notFound } from '#libs/platform/domain-error.js';
import { command, query } from '#libs/platform/messages.js';
import { type RatingType } from './conversation.rules.js';
import { conversationStream } from './conversation.stream.js';
import {
  type ConversationRating,
  type CreateRatingOfferInput,
  type CreateRatingResultInput,
  type RatingOffer,
  type RatingResult,
} from './ratings.dto.js';

/** Offers a rating of an agent to the end user of a conversation, and returns it. */
export class OfferRating extends command<
  { context: WriteContext; id: number; input: CreateRatingOfferInput },
  RatingOffer
>() {}

/** Submits a rating, and returns it as it is then. */
export class SubmitRating extends command<
  { context: WriteContext; id: number; ratingId: string; input: CreateRatingResultInput },
  RatingResult
>() {}

/** The ratings of a conversation, in the order in which they were offered. */
export class ListRatings extends query<{ organizationId: string; id: number }, ConversationRating[]>() {}

@CommandHandler(OfferRating)
export class OfferRatingHandler implements ICommandHandler<OfferRating> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id, input }: OfferRating): Promise<RatingOffer> {
    const { organizationId } = context;
    const { agentId, userId, ratingType, offeredAt } = input;
    const now = new Date().toISOString();
    const rating = { id: randomUUIDv7(), agentId, userId, ratingType, offeredAt: offeredAt ?? now };
    return this.store.retrying(async () => {
      const [loaded, agents] = await Promise.all([
        this.store.load(conversationStream, String(id), context),
        this.database.query(organizationId, agentById(organizationId, agentId)),
      ]);
      if (loaded.state && agents.length === 0) throw notFound('Agent', agentId);
      const guards = [agentsExist(organizationId, [agentId])];
      await this.store.decide(
        conversationStream,
        String(id),
        context,
        loaded,
        { type: 'OfferRating', id, rating },
        guards,
      );
      return rating;
    });
  }
}

@CommandHandler(SubmitRating)
export class SubmitRatingHandler implements ICommandHandler<SubmitRating> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id, ratingId, input }: SubmitRating): Promise<RatingResult> {
    const { ratingResult, comment, userId, submittedAt } = input;
    const change = {
      type: 'SubmitRating',
      id,
      ratingId,
      result: { type: ratingResult._type, value: ratingResult.value },
      submittedAt: submittedAt ?? new Date().toISOString(),
      ...(comment && { comment }),
      ...(userId && { userId }),
    } as const;
    await this.store.handle(conversationStream, String(id), context, change);
    const rows = await readRatings(this.database, context.organizationId, id);
    const row = rows.find((one) => one.id === ratingId) as RatingRow;
    return {
      ratingId,
      ratingResult: { _type: row.type, value: row.score as number },
      ...(row.comment !== null && { comment: row.comment }),
      submittedAt: row.rated_at?.toISOString(),
      userId: row.user_id,
    };
  }
}

@QueryHandler(ListRatings)
export class ListRatingsHandler implements IQueryHandler<ListRatings> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId, id }: ListRatings): Promise<ConversationRating[]> {
    const rows = await readRatings(this.database, organizationId, id);
    if (rows.length === 0) throw notFound('Conversation', String(id));
    return rows.flatMap((row) => (row.id === null ? [] : shownRating(row.id, row)));
  }
}

interface RatingRow {
  id: string | null;
  type: RatingType;
  agent_id: string;
  user_id: string;
  offered_at: Date;
  score: number | null;
  comment: string | null;
  rated_at: Date | null;
  channel: ConversationChannel;
  language: string | null;
}

/** Returns the ratings of a conversation; one row without an id if it has none. */
function readRatings(database: Database, organizationId: string, id: number): Promise<RatingRow[]> {
  return database.query<RatingRow>(organizationId, {
    text: `SELECT r.*, c.channel, c.document->>'language' AS language
           FROM conversations c LEFT JOIN conversation_ratings r
             ON r.organization_id = c.organization_id AND r.conversation_id = c.id
           WHERE c.organization_id = $1 AND c.id = $2 ORDER BY r.version`,
    values: [organizationId, id],
  });
}

function shownRating(id: string, row: RatingRow): ConversationRating {
  const { score, comment, language, offered_at, rated_at } = row;
  return {
    id,
    agentId: row.agent_id,
    userId: row.user_id,
    conversationChannel: row.channel,
    ...(language !== null && { language }),
    ratingType: row.type,
    ratingStatus: rated_at ? 'Rated' : 'Offered',
    ...(score !== null && { ratingScore: score }),
    ...(comment !== null && { ratingComment: comment }),
    timestamps: { Offered: offered_at.toISOString(), ...(rated_at && { Rated: rated_at.toISOString() }) },
  };
}
