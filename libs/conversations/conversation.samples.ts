import { samplesOf } from '#libs/testing/projected.js';
import { type ConversationEvent } from './conversation.rules.js';
import { conversationStream } from './conversation.stream.js';

const id = 1042;
const [requesterId, otherUserId] = ['01980f70-1a2b-7c3d-8e4f-506172839405', '01980f74-5e6f-7071-8283-940516273849'];
const [queueId, otherQueueId] = ['01980f6c-7e3f-7c32-9d4e-5f6071829304', '01980f6c-8f40-7d43-8e5f-607182930415'];
const agentId = '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5';
const tagId = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const created = {
  type: 'ConversationCreated',
  data: {
    id,
    requesterId,
    channel: 'Email',
    direction: 'Inbound',
    createdAt: '2026-03-14T09:26:53.589Z',
    details: { subject: 'Invoice', fromEmail: 'alice@x.example', toEmail: 'support@acme.example' },
  },
} as const satisfies ConversationEvent;
const enqueued: ConversationEvent = { type: 'ConversationEnqueued', data: { id, queueId } };
const assigned: ConversationEvent = { type: 'ConversationAssigned', data: { id, agentId } };
const pending: ConversationEvent = { type: 'ConversationPending', data: { id, until: '2099-01-01T00:00:00.000Z' } };
const noteId = '01980f75-6f70-7182-9304-152637485960';
const noted: ConversationEvent = {
  type: 'ConversationNoteAdded',
  data: { id, noteId, authorId: agentId, createdAt: '2026-03-14T10:00:00.000Z', message: 'She called, too.' },
};
const messageId = '01980f76-0a1b-7c2d-8e3f-405162738495';
const body = { content: { _type: 'Text', value: 'My card ends with 4242' } as const, attachments: [] };
const wrote = { authorId: requesterId, direction: 'Inbound', createdAt: '2026-03-14T10:00:00.000Z' } as const;
const added: ConversationEvent = {
  type: 'ConversationMessageAdded',
  data: { id, messageId, ...wrote, externalId: 'm-1', body },
};
const older: ConversationEvent = {
  ...created,
  data: {
    ...created.data,
    details: { message: { ...body, id: messageId, authorId: requesterId, direction: 'Inbound' } },
  },
};
const ratingId = '01980f78-2c3d-7e4f-8051-627384950617';
const rating = { id, ratingId, ratingType: 'Csat', agentId } as const;
const offered: ConversationEvent = {
  type: 'ConversationRatingOffered',
  data: { ...rating, endUserId: requesterId, offeredAt: '2026-03-14T10:05:00.000Z' },
};
const rated: ConversationEvent = {
  type: 'ConversationRated',
  data: {
    ...rating,
    userId: requesterId,
    score: 5,
    submittedAt: '2026-03-14T10:07:12.000Z',
    comment: 'My card ends with 4242',
  },
};
const removed = { wasTextRedacted: true, numberOfDeletedFiles: 0 };
const closed: ConversationEvent = { type: 'ConversationClosed', data: { id } };
const requested: ConversationEvent = {
  type: 'ConversationAnonymizationRequested',
  data: { id, requestId: tagId },
};
const anonymized: ConversationEvent = { type: 'ConversationAnonymized', data: { id } };
const tagged: ConversationEvent = { type: 'ConversationTagAdded', data: { id, tagId } };
const values = { [tagId]: ['Paid', 'Gold'] };
const valued: ConversationEvent = { type: 'ConversationCustomAttributeUpdated', data: { id, values } };
const instant = expect.any(String) as unknown;
const textOf = (source: string, text: string) => ({
  conversation_id: id,
  source,
  words: expect.stringContaining(text) as unknown,
});
const one = (row: object) => ({
  conversations: [{ id, ...row }],
  conversation_subjects: [{ conversation_id: id, words: expect.stringContaining(`invoice':1`) as unknown }],
});

export const conversationSamples = samplesOf(conversationStream, String(id), {
  'a new conversation': {
    given: [created],
    then: one({ requester_id: requesterId, channel: 'Email', state: 'Open', queue_id: null, assignee_id: null }),
  },
  'a conversation that waits in a queue': {
    given: [created, enqueued],
    then: one({ state: 'Open', queue_id: queueId, queued_at: instant }),
  },
  'a conversation that an agent has': {
    given: [created, enqueued, assigned],
    then: one({ assignee_id: agentId, queue_id: queueId, queued_at: null }),
  },
  'a conversation that its agent has left': {
    given: [created, assigned, { type: 'ConversationUnassigned', data: { id, agentId } }],
    then: one({ state: 'Open', assignee_id: null }),
  },
  'a conversation in the queue that it was transferred to': {
    given: [
      created,
      enqueued,
      { type: 'ConversationTransferred', data: { id, fromQueueId: queueId, toQueueId: otherQueueId } },
      { type: 'ConversationEnqueued', data: { id, queueId: otherQueueId } },
    ],
    then: one({ queue_id: otherQueueId, queued_at: instant, assignee_id: null }),
  },
  'until when a conversation is set aside': {
    given: [created, assigned, pending],
    then: one({ state: 'Pending', pending_until: '2099-01-01T00:00:00+00:00' }),
  },
  'a conversation whose time has come': {
    given: [
      created,
      assigned,
      pending,
      { type: 'ConversationPendingExpired', data: { id } },
      { type: 'ConversationOpen', data: { id } },
    ],
    then: one({ state: 'Open', pending_until: null }),
  },
  'a closed conversation': {
    given: [created, assigned, closed],
    then: one({ state: 'Closed', queued_at: null, closed_at: instant }),
  },
  'a conversation that was closed before an agent took it': {
    given: [created, enqueued, { type: 'ConversationAbandoned', data: { id, queueId } }, closed],
    then: one({ state: 'Closed', queued_at: null }),
  },
  'a conversation that was reopened': {
    given: [created, assigned, closed, { type: 'ConversationOpen', data: { id } }],
    then: one({ state: 'Open', assignee_id: agentId, closed_at: null }),
  },
  'a conversation whose tags were changed': {
    given: [created, tagged, { type: 'ConversationTagRemoved', data: { id, tagId } }],
    then: one({ version: 3, state: 'Open' }),
  },
  'the messages of a conversation': {
    given: [created, added],
    then: {
      ...one({ version: 2, last_message_at: '2026-03-14T10:00:00+00:00' }),
      conversation_messages: [
        { id: messageId, conversation_id: id, author_id: requesterId, direction: 'Inbound', external_id: 'm-1', body },
      ],
      conversation_texts: [{ id: messageId, ...textOf('message', `card':2`) }],
    },
  },
  'the message with which an older conversation began': {
    given: [older],
    then: {
      ...one({ version: 1, last_message_at: '2026-03-14T09:26:53.589+00:00' }),
      conversation_messages: [{ id: messageId, conversation_id: id, version: 1, body }],
      conversation_texts: [{ id: messageId, ...textOf('message', `card':2`) }],
      conversation_subjects: [],
    },
  },
  'nothing personal of an older conversation that was anonymized': {
    given: [older, closed, requested, anonymized],
    then: {
      ...one({ anonymized_at: instant, last_message_at: '2026-03-14T09:26:53.589+00:00' }),
      conversation_subjects: [],
    },
  },
  'a message without its content once it is anonymized': {
    given: [
      created,
      added,
      { type: 'ConversationMessageAnonymized', data: { id, messageId, requestId: tagId, removed } },
    ],
    then: { ...one({ version: 3 }), conversation_messages: [{ id: messageId, external_id: null, body: null }] },
  },
  'the tags of a conversation': {
    given: [created, tagged, { type: 'ConversationTagAdded', data: { id, tagId: noteId } }],
    then: {
      ...one({ version: 3 }),
      conversation_tags: [
        { conversation_id: id, tag_id: tagId },
        { conversation_id: id, tag_id: noteId },
      ],
    },
  },
  'the ratings of a conversation': {
    given: [created, offered, rated],
    then: {
      ...one({ version: 3 }),
      conversation_ratings: [
        { id: ratingId, type: 'Csat', score: 5, comment: 'My card ends with 4242', user_id: requesterId },
      ],
    },
  },
  'the notes of a conversation': {
    given: [created, noted],
    then: {
      ...one({ version: 2 }),
      conversation_notes: [{ conversation_id: id, id: noteId, author_id: agentId, message: 'She called, too.' }],
      conversation_texts: [{ id: noteId, ...textOf('note', `called':2`) }],
    },
  },
  'a conversation with a custom attribute': {
    given: [created, valued],
    then: {
      ...one({ version: 2, document: expect.objectContaining({ customAttributes: values }) as unknown }),
      conversation_attributes: [
        { conversation_id: id, attribute_id: tagId, value: 'Gold' },
        { conversation_id: id, attribute_id: tagId, value: 'Paid' },
      ],
    },
  },
  'the conversation that it belongs to': {
    given: [created, { type: 'ConversationLinked', data: { id, parentId: 7, linkType: 'Related' } }],
    then: one({ parent_id: 7 }),
  },
  'the end user who has taken its requester over': {
    given: [
      created,
      { type: 'ConversationEndUserReplaced', data: { id, fromEndUserId: requesterId, endUserId: otherUserId } },
    ],
    then: one({ requester_id: otherUserId }),
  },
  'nothing personal of a conversation that was anonymized': {
    given: [created, added, noted, offered, rated, tagged, valued, closed, requested, anonymized],
    then: {
      ...one({ anonymized_at: instant, shown: expect.not.stringContaining('Invoice') as unknown }),
      conversation_messages: [{ id: messageId, external_id: null, body: null }],
      conversation_ratings: [{ id: ratingId, score: 5, comment: null }],
      conversation_tags: [{ tag_id: tagId }],
      conversation_subjects: [],
    },
  },
});
