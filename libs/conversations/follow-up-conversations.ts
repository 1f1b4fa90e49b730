import { type Statement } from '#libs/database/batch.js';
import { type Conversation, type ConversationCommand, type Message } from './conversation.rules.js';

/** Returns the command that begins a conversation with a message to a closed one, which it follows up. */
export function followUp(
  { id: follows, requesterId, channel, direction, contactPoint, language, details = {} }: Conversation,
  id: number,
  message: Message,
  queueId: string | undefined,
): Extract<ConversationCommand, { type: 'CreateConversation' }> {
  const origin = { requesterId, channel, direction: message.direction, contactPoint, language };
  const swapped = direction === message.direction ? details : withSidesSwapped(details);
  return { type: 'CreateConversation', id, origin, details: swapped, message, follows, queueId };
}

function withSidesSwapped({
  fromEmail,
  toEmail,
  fromNumber,
  toNumber,
  ...others
}: NonNullable<Conversation['details']>) {
  const sides = { fromEmail: toEmail, toEmail: fromEmail, fromNumber: toNumber, toNumber: fromNumber };
  return { ...others, ...Object.fromEntries(Object.entries(sides).filter(([, value]) => value !== undefined)) };
}

/** Selects the conversation that follows up a closed one and is not closed itself. */
export function openFollowUp(organizationId: string, id: number): Statement {
  return {
    text: `SELECT id FROM conversations WHERE organization_id = $1 AND parent_id = $2 AND state <> 'Closed'
             AND document->'link'->>'linkType' = 'Related' ORDER BY id DESC LIMIT 1`,
    values: [organizationId, id],
  };
}

/** Guards: the conversation is still closed, and no other request begins a follow-up of it at the same time. */
export function noOtherFollowUpHas(organizationId: string, parentId: number, id: number): Statement[] {
  return [
    {
      text: `SELECT guard(EXISTS (SELECT FROM conversations
               WHERE organization_id = $1 AND id = $2 AND state = 'Closed' FOR UPDATE))`,
      values: [organizationId, parentId],
    },
    {
      text: `SELECT guard(NOT EXISTS (SELECT FROM conversations
               WHERE organization_id = $1 AND parent_id = $2 AND id <> $3 AND state <> 'Closed'
                 AND document->'link'->>'linkType' = 'Related'))`,
      values: [organizationId, parentId, id],
    },
  ];
}
