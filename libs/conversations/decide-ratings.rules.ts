import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import {
  conflict,
  type Conversation,
  type ConversationCommand,
  type ConversationEvent,
  type Rating,
  type RatingType,
} from './conversation.rules.js';
import { faultOfInstant } from './decide-messages.rules.js';

type Decision = ConversationEvent[] | DomainError;
type CommandOf<Type extends ConversationCommand['type']> = Extract<ConversationCommand, { type: Type }>;

/** Maximum number of ratings of a conversation, which its state lists. */
const MAX_RATINGS = 50;

/** The lowest and the highest score of each type. */
export const SCORES: Record<RatingType, [lowest: number, highest: number]> = {
  Csat: [1, 5],
  Nps: [0, 10],
  ThumbsUpOrDown: [0, 1],
};

/** A rating can be offered in any state of the conversation, to its end user. */
export function offerRating(
  conversation: Conversation,
  { id, rating }: CommandOf<'OfferRating'>,
  recordedAt: Date,
): Decision {
  const { ratings = [], requesterId } = conversation;
  if (ratings.length >= MAX_RATINGS) return conflict(conversation, `can have at most ${MAX_RATINGS} ratings`);
  if (rating.userId !== requesterId) {
    return invalidBody([{ path: 'userId', message: `must be the end user of the conversation, ${requesterId}` }]);
  }
  const fault = faultOfInstant({ createdAt: rating.offeredAt }, recordedAt, 'offeredAt');
  if (fault) return fault;
  const { id: ratingId, userId: endUserId, ...others } = rating;
  return [{ type: 'ConversationRatingOffered', data: { id, ratingId, endUserId, ...others } }];
}

/**
 * A rating is submitted once, by the current end user of the conversation: the one to whom it was offered may have been
 * merged. Submitting the same score again adds a comment that was missing, else changes nothing.
 */
export function submitRating(
  conversation: Conversation,
  command: CommandOf<'SubmitRating'>,
  recordedAt: Date,
): Decision {
  const { id, ratingId, result } = command;
  const rating = conversation.ratings?.find((one) => one.id === ratingId);
  if (!rating) return notFound('Rating', ratingId);
  const fault = faultOfResult(conversation, rating, command) ?? faultOfTime(rating, command, recordedAt);
  if (fault) return fault;
  const isAgain = rating.score === result.value;
  if (isAgain && (!command.comment || rating.isCommented)) return [];
  if (!isAgain && rating.score !== undefined)
    return new DomainError('conflict', `Rating ${ratingId} has been submitted with the score ${rating.score}`);
  const { submittedAt, comment } = command;
  const { agentId, ratingType } = rating;
  const { requesterId: userId } = conversation;
  const rated = { ratingId, ratingType, agentId, userId, score: result.value, submittedAt };
  return [{ type: 'ConversationRated', data: { id, ...rated, ...(comment && { comment }) } }];
}

function faultOfResult(
  { requesterId }: Conversation,
  { ratingType, userId: offeredTo }: Rating,
  { result, userId }: CommandOf<'SubmitRating'>,
): DomainError | undefined {
  if (userId && userId !== offeredTo && userId !== requesterId) {
    return invalidBody([{ path: 'userId', message: `must be the end user of the conversation, ${requesterId}` }]);
  }
  if (result.type !== ratingType) {
    return invalidBody([{ path: 'ratingResult._type', message: `must be ${ratingType}, as in the offer` }]);
  }
  const [lowest, highest] = SCORES[ratingType];
  if (result.value >= lowest && result.value <= highest) return undefined;
  const message = `must be a whole number from ${lowest} to ${highest}`;
  return invalidBody([{ path: 'ratingResult.value', message }]);
}

function faultOfTime({ offeredAt }: Rating, { submittedAt }: CommandOf<'SubmitRating'>, recordedAt: Date) {
  if (Date.parse(submittedAt) < Date.parse(offeredAt)) {
    return invalidBody([{ path: 'submittedAt', message: `must not be before the offer, ${offeredAt}` }]);
  }
  return faultOfInstant({ createdAt: submittedAt }, recordedAt, 'submittedAt');
}
