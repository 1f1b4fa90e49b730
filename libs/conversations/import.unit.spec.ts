import { invalidBody } from '#libs/platform/domain-error.js';
import { given, RECORDED } from '#libs/testing/given.js';
import { type ConversationCommand, type Message } from './conversation.rules.js';
import { decideConversation } from './decide-conversation.rules.js';
import { evolveConversation } from './evolve-conversation.rules.js';

const id = 1042;
const [requesterId, agentId, queueId] = ['end-user-1', 'agent-1', 'queue-1'];
const [createdAt, assignedAt, closedAt] = [
  '2025-03-14T09:00:00.000Z',
  '2025-03-14T09:10:00.000Z',
  '2025-03-14T10:00:00.000Z',
];
const origin = {
  requesterId,
  channel: 'Messenger',
  genericChannel: 'Trustpilot',
  direction: 'Inbound',
  createdAt,
} as const;
const details = { externalId: 'ticket-7' };
const message: Message = {
  id: 'message-1',
  authorId: requesterId,
  direction: 'Inbound',
  createdAt,
  body: { content: { _type: 'Text', value: 'Hello' }, attachments: [] },
};
const importing = (more: object): ConversationCommand => ({
  type: 'ImportConversation',
  id,
  origin,
  details,
  messages: [message],
  queueId,
  ...more,
});
const conversation = given({ decide: decideConversation, evolve: evolveConversation, initialState: undefined });
const created = { type: 'ConversationCreated', data: { id, ...origin, details } } as const;
const { id: messageId, ...written } = message;
const added = { type: 'ConversationMessageAdded', data: { id, messageId, ...written } } as const;
const assigned = { type: 'ConversationAssigned', data: { id, agentId, assignedAt } } as const;
const closed = { type: 'ConversationClosed', data: { id, closedAt, userId: agentId } } as const;

describe('An imported conversation', () => {
  it('has its messages, who had it last and when it was closed, at their own times', () => {
    const parts = { assignment: { agentId, assignedAt }, closing: { closedAt, userId: agentId } };
    conversation().when(importing(parts)).then([created, added, assigned, closed]);
    expect(conversation(created, added, assigned, closed).state).toMatchObject({
      createdAt,
      assignedAt,
      state: 'Closed',
      stateUpdatedAt: closedAt,
      lastMessageAt: createdAt,
      messageCount: 1,
    });
  });

  it('waits in a queue if it is open and nobody has it', () => {
    conversation()
      .when(importing({}))
      .then([created, added, { type: 'ConversationEnqueued', data: { id, queueId } }]);
  });

  it('neither begins in the future nor ends before it begins', () => {
    conversation()
      .when(importing({ origin: { ...origin, createdAt: '2099-01-01T00:00:00.000Z' } }))
      .then(invalidBody([{ path: 'createdAt', message: 'must not be in the future' }]));
    conversation()
      .when(
        importing({
          assignment: { agentId, assignedAt: '2099-01-01T00:00:00.000Z' },
          closing: { closedAt: '2024-01-01T00:00:00.000Z' },
        }),
      )
      .then(
        invalidBody([
          { path: 'assignment.assignedAt', message: 'must not be in the future' },
          { path: 'closing.closedAt', message: 'must not be before createdAt' },
        ]),
      );
    expect(RECORDED.recordedAt.getTime()).toBeGreaterThan(Date.parse(closedAt));
  });
});
