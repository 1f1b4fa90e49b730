import { type Resource } from '#libs/resources/resource.js';
import { conversationStream } from './conversation.stream.js';
import { CONVERSATION_EVENTS } from './conversation.webhooks.js';

export const conversationsResource = {
  path: 'conversations',
  group: {
    name: 'Conversations',
    description: 'Conversations with end users: their state, agent, queue, tags and custom attributes.',
  },
  streams: [conversationStream],
  entity: { name: 'Conversation', id: 'conversationId', stream: conversationStream, numbered: true },
  webhookEvents: CONVERSATION_EVENTS,
} as const satisfies Resource;
