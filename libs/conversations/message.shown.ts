import { type ConversationChannel } from '#libs/platform/channels.js';
import { type Conversation, type Message, type MessageBody } from './conversation.rules.js';
import { type CreateMessageOutputData, type Message as MessageOutput } from './messages.dto.js';
import { sanitizedHtml } from './sanitized-html.js';

/** A message as its row has it; without a body once it is anonymized. */
export type KeptMessage = Omit<Message, 'body'> & {
  body?: MessageBody;
  /** The HTML of the body as a page can show it. */
  sanitized?: string;
};

/** An end user who got a copy. */
export interface Recipient {
  id: string;
  email: string | null;
  name: string | null;
}

/** The API's type of a message, by channel. Calls have no type of their own, because their messages have no content. */
const TYPES: Record<ConversationChannel, MessageOutput['attributes']['_type']> = {
  Callback: 'GenericAttributes',
  ContactForm: 'ContactFormAttributes',
  Email: 'EmailAttributes',
  FacebookMessenger: 'FacebookMessengerAttributes',
  Messenger: 'ChatAttributes',
  PstnPhone: 'GenericAttributes',
  Sms: 'SmsAttributes',
  Twitter: 'TwitterAttributes',
  Voicemail: 'GenericAttributes',
  WhatsApp: 'WhatsAppAttributes',
  WidgetChat: 'ChatAttributes',
};

/** Returns a message as lists show it. */
export function shownMessage(
  message: KeptMessage,
  conversation: Pick<Conversation, 'channel' | 'genericChannel' | 'direction' | 'details'>,
  recipients: Map<string, Recipient>,
): MessageOutput {
  const { id, authorId, createdAt, externalId, body, direction } = message;
  const common = { id, authorId, createdAt, ...(externalId !== undefined && { externalId }) };
  if (!body) return { ...common, attributes: { _type: 'GenericAttributes', direction } };
  const _type = conversation.genericChannel === undefined ? TYPES[conversation.channel] : 'GenericAttributes';
  const { attachments, content } = body;
  const shown = content && shownContent(content, message.sanitized);
  const isMail = _type === 'EmailAttributes' || _type === 'ContactFormAttributes';
  const own = isMail
    ? {
        ...addressesOf(message, body, conversation, recipients),
        ...(shown && { emailContent: { _type: 'Regular', content: shown } }),
        isAutoReply: false,
      }
    : { ...(shown && { content: shown }), ...(_type === 'ChatAttributes' && { isAutomated: false }) };
  return { ...common, attributes: { _type, direction, attachments, ...own } };
}

/** Returns a new message as the answer to its creation shows it. */
export function createdMessage(
  { id: messageId, authorId, direction, createdAt, externalId, body, sanitized }: KeptMessage,
  conversationId: number,
): CreateMessageOutputData {
  return {
    messageId,
    conversationId,
    authorId,
    direction,
    createdAt,
    ...(body?.content && { content: shownContent(body.content, sanitized) }),
    ...(externalId !== undefined && { externalId }),
  };
}

type Content = NonNullable<MessageBody['content']>;

function shownContent(content: Content, sanitized?: string): Content & { sanitizedValue?: string } {
  return content._type === 'Html' ? { ...content, sanitizedValue: sanitized ?? sanitizedHtml(content.value) } : content;
}

/** The addresses of the conversation are those of its first message: for the other direction, they are swapped. */
function addressesOf(
  { direction }: KeptMessage,
  { integrationEmail, cc, bcc }: MessageBody,
  { direction: begun, details = {} }: Pick<Conversation, 'direction' | 'details'>,
  recipients: Map<string, Recipient>,
) {
  const { fromEmail, toEmail } = details;
  const [theirs, usual] = begun === 'Outbound' ? [toEmail, fromEmail] : [fromEmail, toEmail];
  const ours = integrationEmail ?? usual;
  const [from, to] = direction === 'Outbound' ? [ours, theirs] : [theirs, ours];
  return {
    from: { email: from ?? '' },
    ...(to !== undefined && { to: [{ email: to }] }),
    ...(cc && { cc: contactsOf(cc, recipients) }),
    ...(bcc && { bcc: contactsOf(bcc, recipients) }),
  };
}

/** Returns the recipients that have an address. */
function contactsOf(ids: string[], recipients: Map<string, Recipient>): { email: string; name?: string }[] {
  return ids.flatMap((id) => {
    const { email, name } = recipients.get(id) ?? {};
    return email ? [{ email, ...(name && { name }) }] : [];
  });
}
