import { DomainError, invalidBody } from '#libs/platform/domain-error.js';
import { given, RECORDED } from '#libs/testing/given.js';
import { type ConversationCommand, type ConversationEvent, type Message } from './conversation.rules.js';
import { decideConversation } from './decide-conversation.rules.js';
import { evolveConversation } from './evolve-conversation.rules.js';

const id = 1042;
const [requesterId, agentId, queueId] = ['end-user-1', 'agent-1', 'queue-1'];
const now = RECORDED.recordedAt.toISOString();
const [before, later] = ['2026-03-14T08:00:00.000Z', '2026-03-14T09:26:53.590Z'];
const body = { content: { _type: 'Text', value: 'It has not arrived.' } as const, attachments: [] };
const inbound: Message = { id: 'message-1', authorId: requesterId, direction: 'Inbound', createdAt: now, body };
const outbound: Message = { ...inbound, authorId: agentId, direction: 'Outbound' };
const add = (message: Message): ConversationCommand => ({ type: 'AddMessage', id, message, queueId });
const added = ({ id: messageId, ...message }: Message): ConversationEvent => ({
  type: 'ConversationMessageAdded',
  data: { id, messageId, ...message },
});

const began = { requesterId, channel: 'Email', direction: 'Inbound' } as const;
const created: ConversationEvent = { type: 'ConversationCreated', data: { id, ...began, createdAt: before } };
const assigned: ConversationEvent = { type: 'ConversationAssigned', data: { id, agentId } };
const closed: ConversationEvent = { type: 'ConversationClosed', data: { id } };
const pending: ConversationEvent = { type: 'ConversationPending', data: { id, until: '2026-03-15T09:00:00.000Z' } };
const opened: ConversationEvent = { type: 'ConversationOpen', data: { id } };
const enqueued: ConversationEvent = { type: 'ConversationEnqueued', data: { id, queueId } };
const conversation = given({ decide: decideConversation, evolve: evolveConversation, initialState: undefined });

describe('A message of a conversation', () => {
  it('can be the first, and the follow-up of another conversation', () => {
    const command = { type: 'CreateConversation', id, origin: began, details: {}, message: inbound, queueId } as const;
    const start: ConversationEvent = {
      type: 'ConversationCreated',
      data: { id, ...began, createdAt: now, details: {} },
    };
    const linked: ConversationEvent = { type: 'ConversationLinked', data: { id, parentId: 7, linkType: 'Related' } };
    conversation()
      .when(command)
      .then([start, added(inbound), enqueued]);
    conversation()
      .when({ ...command, follows: 7 })
      .then([start, added(inbound), linked, enqueued]);
  });

  it('opens a closed or pending conversation if it is inbound', () => {
    conversation(created)
      .when(add(inbound))
      .then([added(inbound)]);
    conversation(created, assigned, closed)
      .when(add(inbound))
      .then([added(inbound), opened]);
    conversation(created, closed)
      .when(add(inbound))
      .then([added(inbound), opened, enqueued]);
    conversation(created, assigned, pending)
      .when(add(inbound))
      .then([added(inbound), opened]);
    conversation(created, assigned, closed)
      .when(add(outbound))
      .then([added(outbound)]);
  });

  it('leaves a closed conversation closed if it is older than the closing', () => {
    const old = { ...inbound, createdAt: before };
    conversation(created, closed)
      .when(add(old))
      .then([added(old)]);
    expect(conversation(created, closed, added(old)).state?.awaitingReplySince).toBeUndefined();
  });

  it('makes the end user wait until the agent of the conversation answers', () => {
    const waits = (...events: ConversationEvent[]) => conversation(created, ...events).state?.awaitingReplySince;
    const first = { ...inbound, createdAt: before };
    expect(waits(added(first), added(inbound))).toBe(before);
    expect(waits(assigned, added(first), added(outbound))).toBeUndefined();
    expect(waits(assigned, added(first), added({ ...outbound, authorId: 'agent-2' }))).toBe(before);
    expect(waits(added(first), added(outbound))).toBe(before);
    expect(waits(assigned, added(inbound), added({ ...outbound, createdAt: before }))).toBe(now);
    expect(waits(added(inbound), closed)).toBeUndefined();
  });

  it('is not from the future', () => {
    conversation(created)
      .when(add({ ...inbound, createdAt: later }))
      .then(invalidBody([{ path: 'createdAt', message: 'must not be in the future' }]));
  });

  it('is refused beyond 20,000', () => {
    const { state } = conversation(created, added(inbound));
    const full = state && { ...state, messageCount: 20_000 };
    expect(decideConversation(add(inbound), full, RECORDED.recordedAt)).toEqual(
      new DomainError('conflict', 'Conversation 1042 has 20,000 messages, which is the maximum'),
    );
  });

  it('is anonymized once, unless it is part of the event that began the conversation', () => {
    const content = { wasTextRedacted: true, numberOfDeletedFiles: 2 };
    const message = { id: 'message-1', conversationId: id, isAnonymized: false, isPartOfBeginning: false, content };
    const anonymize = (more: object): ConversationCommand => ({
      type: 'AnonymizeMessage',
      id,
      message: { ...message, ...more },
      requestId: 'request-1',
    });
    conversation(created, added(inbound))
      .when(anonymize({}))
      .then([
        {
          type: 'ConversationMessageAnonymized',
          data: { id, messageId: 'message-1', requestId: 'request-1', removed: content },
        },
      ]);
    conversation(created, added(inbound))
      .when(anonymize({ isAnonymized: true }))
      .then(new DomainError('conflict', 'Message message-1 has been anonymized'));
    const together = 'began before its first message could be anonymized alone; anonymize the conversation';
    conversation(created)
      .when(anonymize({ isPartOfBeginning: true }))
      .then(new DomainError('conflict', `Conversation 1042 ${together}`));
  });
});
