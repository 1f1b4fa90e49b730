import { type ConversationChannel } from '#libs/platform/channels.js';
import { type ConversationOutput } from './conversation-outputs.dto.js';
import { type Conversation } from './conversation.rules.js';

/**
 * The API's type of a conversation, by channel. E-mail conversations always have addresses, since they cannot be
 * created without.
 */
const TYPES: Record<ConversationChannel, ConversationOutput['_type']> = {
  Callback: 'PstnPhoneConversation',
  ContactForm: 'ContactFormConversation',
  Email: 'EmailConversation',
  FacebookMessenger: 'FacebookMessengerConversation',
  Messenger: 'MessengerConversation',
  PstnPhone: 'PstnPhoneConversation',
  Sms: 'SmsConversation',
  Twitter: 'TwitterConversation',
  Voicemail: 'PstnPhoneConversation',
  WhatsApp: 'WhatsAppConversation',
  WidgetChat: 'ChatConversation',
};

/** Returns a conversation as lists show it: without its custom attributes. */
export function shownConversation(conversation: Conversation): ConversationOutput {
  const { id, requesterId, channel, createdAt, direction, state, stateUpdatedAt, anonymizedAt } = conversation;
  const common = { id, requesterId, channel, createdAt, direction, state, stateUpdatedAt, ...linkOf(conversation) };
  if (anonymizedAt) return { _type: 'AnonymizedConversation', ...common, anonymizedAt };
  const _type = conversation.genericChannel === undefined ? TYPES[channel] : 'GenericConversation';
  return { _type, ...common, ...serviceOf(conversation), ...detailsOf(conversation) };
}

function linkOf({ link }: Conversation) {
  if (!link) return {};
  const type = link.linkType === 'SideConversation' ? 'SideConversation' : 'FollowUp';
  return { link: { _type: type, parentId: link.parentId } as const };
}

function serviceOf({ assigneeId, assignedAt, queueId, queuedAt, lastMessageAt, awaitingReplySince }: Conversation) {
  return {
    ...(lastMessageAt && { lastMessageAt }),
    ...(awaitingReplySince && { awaitingReplySince }),
    ...(assigneeId && { assignment: { agentId: assigneeId, assignedAt } }),
    ...(queueId && { queue: { id: queueId, ...(queuedAt && { queuedAt }) } }),
  };
}

function detailsOf({ details, language, channel }: Conversation) {
  const speaks = language !== undefined && TYPES[channel] !== 'SmsConversation';
  return { ...(speaks && { language }), ...details };
}
