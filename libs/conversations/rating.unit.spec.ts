import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { given, RECORDED } from '#libs/testing/given.js';
import { type ConversationCommand, type ConversationEvent, type RatingType } from './conversation.rules.js';
import { decideConversation } from './decide-conversation.rules.js';
import { evolveConversation } from './evolve-conversation.rules.js';

const id = 1042;
const [userId, agentId, ratingId] = ['end-user-1', 'agent-1', 'rating-1'];
const now = RECORDED.recordedAt.toISOString();
const [before, later] = ['2026-03-14T08:00:00.000Z', '2027-01-01T00:00:00.000Z'];
const created: ConversationEvent = {
  type: 'ConversationCreated',
  data: { id, requesterId: userId, channel: 'Email', direction: 'Inbound', createdAt: before },
};
const offer = (ratingType: RatingType, more: object = {}): ConversationCommand => ({
  type: 'OfferRating',
  id,
  rating: { id: ratingId, ratingType, agentId, userId, offeredAt: now, ...more },
});
const offered = (ratingType: RatingType): ConversationEvent => ({
  type: 'ConversationRatingOffered',
  data: { id, ratingId, ratingType, agentId, endUserId: userId, offeredAt: now },
});
const submit = (type: RatingType, value: number, more: object = {}): ConversationCommand => ({
  type: 'SubmitRating',
  id,
  ratingId,
  result: { type, value },
  submittedAt: now,
  ...more,
});
const rated = (ratingType: RatingType, score: number, more: object = {}): ConversationEvent => ({
  type: 'ConversationRated',
  data: { id, ratingId, ratingType, agentId, userId, score, submittedAt: now, ...more },
});
const conversation = given({ decide: decideConversation, evolve: evolveConversation, initialState: undefined });
const refused = (path: string, message: string) => invalidBody([{ path, message }]);

describe('A rating of a conversation', () => {
  it('is offered to its end user, not later than now', () => {
    conversation(created)
      .when(offer('Csat'))
      .then([offered('Csat')]);
    conversation(created)
      .when(offer('Csat', { userId: 'end-user-2' }))
      .then(refused('userId', 'must be the end user of the conversation, end-user-1'));
    conversation(created)
      .when(offer('Csat', { offeredAt: later }))
      .then(refused('offeredAt', 'must not be in the future'));
  });

  it('is offered at most 50 times', () => {
    const many = Array.from({ length: 50 }, () => offered('Csat'));
    conversation(created, ...many)
      .when(offer('Csat'))
      .then(new DomainError('conflict', 'Conversation 1042 can have at most 50 ratings'));
  });

  it.each([
    ['Csat', [1, 5], [0, 6]],
    ['Nps', [0, 10], [-1, 11]],
    ['ThumbsUpOrDown', [0, 1], [-1, 2]],
  ] as const)('of the type %s has a score between two', (type, allowed, beyond) => {
    for (const value of allowed)
      conversation(created, offered(type))
        .when(submit(type, value))
        .then([rated(type, value)]);
    for (const value of beyond) {
      conversation(created, offered(type))
        .when(submit(type, value))
        .then(refused('ratingResult.value', `must be a whole number from ${allowed[0]} to ${allowed[1]}`));
    }
  });

  it('is submitted once, with a comment', () => {
    const comment = 'That was quick!';
    conversation(created, offered('Csat'))
      .when(submit('Csat', 5, { comment }))
      .then([rated('Csat', 5, { comment })]);
    conversation(created, offered('Csat'), rated('Csat', 5)).when(submit('Csat', 5)).then([]);
    conversation(created, offered('Csat'), rated('Csat', 5))
      .when(submit('Csat', 5, { comment }))
      .then([rated('Csat', 5, { comment })]);
    conversation(created, offered('Csat'), rated('Csat', 5, { comment }))
      .when(submit('Csat', 5, { comment: 'Something else' }))
      .then([]);
    conversation(created, offered('Csat'), rated('Csat', 5))
      .when(submit('Csat', 4))
      .then(new DomainError('conflict', 'Rating rating-1 has been submitted with the score 5'));
    conversation(created).when(submit('Csat', 5)).then(notFound('Rating', 'rating-1'));
  });

  it('is submitted by the end user whom the one that it was offered to has been merged into', () => {
    const merged: ConversationEvent = {
      type: 'ConversationEndUserReplaced',
      data: { id, fromEndUserId: userId, endUserId: 'end-user-2' },
    };
    for (const named of [{}, { userId }, { userId: 'end-user-2' }]) {
      conversation(created, offered('Csat'), merged)
        .when(submit('Csat', 5, named))
        .then([rated('Csat', 5, { userId: 'end-user-2' })]);
    }
  });

  it('is submitted as it was offered: its type, its end user, and after the offer', () => {
    const open = () => conversation(created, offered('Csat'));
    open().when(submit('Nps', 5)).then(refused('ratingResult._type', 'must be Csat, as in the offer'));
    open()
      .when(submit('Csat', 5, { userId: 'end-user-2' }))
      .then(refused('userId', 'must be the end user of the conversation, end-user-1'));
    open()
      .when(submit('Csat', 5, { submittedAt: before }))
      .then(refused('submittedAt', `must not be before the offer, ${now}`));
    open()
      .when(submit('Csat', 5, { submittedAt: later }))
      .then(refused('submittedAt', 'must not be in the future'));
  });
});
