import { type ConversationChannel } from '#libs/platform/channels.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type CreateConversationInput } from './conversation-inputs.dto.js';
import { type Inbound, type Outbound } from './message-inputs.dto.js';
import { newMessage, withoutNulls } from './new-message.js';
import { type ConversationDetails, type Direction, type Message } from './conversation.rules.js';

/** The end user of a new conversation. */
export interface Requester {
  id: string;
  email: string | null;
  phoneNumber: string | null;
}

/** A new conversation without its number and time. */
export interface NewConversation {
  origin: { channel: ConversationChannel; direction: Direction; contactPoint: string; language?: string };
  details: ConversationDetails;
  /** The first message. */
  message?: Message;
  /** The agent who begins it. */
  agentId?: string;
}

const CHANNEL_OF: Record<CreateConversationInput['_type'], ConversationChannel> = {
  Callback: 'Callback',
  Chat: 'WidgetChat',
  ContactForm: 'ContactForm',
  Email: 'Email',
  Sms: 'Sms',
};

/**
 * Returns the conversation that a client's input describes.
 * @throws {DomainError} `invalid` when the requester cannot be reached on the channel
 */
export function newConversation(input: CreateConversationInput, requester: Requester): NewConversation {
  const channel = CHANNEL_OF[input._type];
  switch (input._type) {
    case 'Callback': {
      const { direction, contactEndpointId } = input;
      const details = numbers(direction, contactEndpointId, requester.phoneNumber ?? undefined);
      return { origin: { channel, direction, contactPoint: contactEndpointId }, details };
    }
    case 'Chat': {
      const { browserInfo, widgetId, message } = input;
      const origin = { channel, direction: message._type, contactPoint: widgetId, ...languageOf(input) };
      return { origin, ...begunBy(message, requester, browserInfo ? { browserInfo: withoutNulls(browserInfo) } : {}) };
    }
    case 'Sms': {
      const { message, contactEndpointId } = input;
      const theirs = reachable(requester.phoneNumber, 'phone number');
      const origin = { channel, direction: message._type, contactPoint: contactEndpointId };
      return { origin, ...begunBy(message, requester, numbers(message._type, contactEndpointId, theirs)) };
    }
    case 'ContactForm':
    case 'Email': {
      const { message, emailIntegrationId: ours, subject } = input;
      const theirs = reachable(requester.email, 'e-mail address');
      const [fromEmail, toEmail] = message._type === 'Inbound' ? [theirs, ours] : [ours, theirs];
      const origin = { channel, direction: message._type, contactPoint: ours, ...languageOf(input) };
      return { origin, ...begunBy(message, requester, { subject, fromEmail, toEmail, integrationEmail: ours }) };
    }
  }
}

/**
 * An inbound message is from the requester, and the conversation waits for an agent; an outbound one is from an agent.
 */
function begunBy(message: Inbound | Outbound, requester: Requester, details: ConversationDetails) {
  const first = newMessage(message, requester.id);
  return { details, message: first, ...(first.direction === 'Outbound' && { agentId: first.authorId }) };
}

function numbers(direction: 'Inbound' | 'Outbound', ours: string, theirs?: string): ConversationDetails {
  const [fromNumber, toNumber] = direction === 'Inbound' ? [theirs, ours] : [ours, theirs];
  return { ...(fromNumber && { fromNumber }), ...(toNumber && { toNumber }) };
}

function reachable(address: string | null, what: string): string {
  if (address) return address;
  throw new DomainError('invalid', `Invalid value for: body (requesterId names an end user without ${what})`);
}

function languageOf({ language }: { language?: string | null }): { language?: string } {
  return language ? { language } : {};
}
