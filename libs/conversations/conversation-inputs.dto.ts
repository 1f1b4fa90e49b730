import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiExtraModels } from '@nestjs/swagger';
import { Choice, Flag, Text, Uuid, Checked } from '#libs/http/fields.js';
import { Instant } from '#libs/http/instant-fields.js';
import { Nested, Union, Variant } from '#libs/http/nested-fields.js';
import { faultOfEmail, faultOfWebUrl } from '#libs/people/contact.js';
import { Inbound, Outbound } from './message-inputs.dto.js';

const MESSAGES = { Inbound, Outbound };

export class BrowserInfo {
  @Text({ description: 'The browser.', example: 'Firefox' })
  name: string;

  @Text({ description: 'The version of the browser.', example: '148.0', optional: true, nullable: true })
  version?: string | null;

  @Text({
    description: 'The IP address of the browser.',
    example: '203.0.113.7',
    max: 64,
    optional: true,
    nullable: true,
  })
  ipAddress?: string | null;

  @Text({
    description: 'The page that the browser showed.',
    example: 'https://shop.example/cart',
    max: 2048,
    fault: faultOfWebUrl,
    optional: true,
    nullable: true,
  })
  originatingUrl?: string | null;
}

class AnyConversation {
  @Uuid({ description: 'The id of the end user.', example: EXAMPLE_IDS.endUser })
  requesterId: string;
}

@ApiExtraModels(Inbound, Outbound)
class MessageConversation extends AnyConversation {
  @Union(MESSAGES, {
    description:
      'The first message. A conversation that begins with an inbound message waits in the default queue; one that begins with an outbound message is assigned to its agent.',
    example: { _type: 'Inbound', content: { _type: 'Text', value: 'My order has not arrived.' } },
  })
  message: Inbound | Outbound;
}

const LANGUAGE = {
  description: 'The language, as a BCP 47 tag.',
  example: 'en',
  max: 35,
  optional: true,
  nullable: true,
};
const ENDPOINT = { description: 'The organization’s phone number.', example: '+4578787878', max: 64 };

export class Callback extends AnyConversation {
  @Variant('Callback', 'A requested call.')
  _type: 'Callback';

  @Choice({ description: 'The end user who requested the call.', values: ['Inbound', 'Outbound'], example: 'Inbound' })
  direction: 'Inbound' | 'Outbound';

  @Text(ENDPOINT)
  contactEndpointId: string;

  @Uuid({
    description: 'The id of the queue in which the conversation waits.',
    example: EXAMPLE_IDS.queue,
  })
  queueId: string;
}

export class Chat extends MessageConversation {
  @Variant('Chat', 'A chat in a widget on a web page.')
  _type: 'Chat';

  @Uuid({ description: 'The id of the widget.', example: EXAMPLE_IDS.widget })
  widgetId: string;

  @Nested(() => BrowserInfo, { description: 'The end user’s browser.', optional: true, nullable: true })
  browserInfo?: BrowserInfo | null;

  @Text(LANGUAGE)
  language?: string | null;
}

class MailConversation extends MessageConversation {
  @Text({
    description: 'The e-mail address of the organization.',
    example: 'support@acme.example',
    max: 254,
    fault: faultOfEmail,
  })
  emailIntegrationId: string;

  @Text({ description: 'The subject.', example: 'Where is my order?', max: 1024 })
  subject: string;

  @Text(LANGUAGE)
  language?: string | null;
}

export class ContactForm extends MailConversation {
  @Variant('ContactForm', 'A form on a web page.')
  _type: 'ContactForm';
}

export class Email extends MailConversation {
  @Variant('Email', 'An e-mail conversation.')
  _type: 'Email';
}

export class Sms extends MessageConversation {
  @Variant('Sms', 'A text message conversation.')
  _type: 'Sms';

  @Text(ENDPOINT)
  contactEndpointId: string;
}

/** The variants of CreateConversationInput. */
export const CREATE_CONVERSATION_INPUTS = { Callback, Chat, ContactForm, Email, Sms };
export type CreateConversationInput = Callback | Chat | ContactForm | Email | Sms;

const BY_USER = {
  description: 'The id of the agent or end user on whose behalf the change is made.',
  example: EXAMPLE_IDS.agent,
  optional: true,
  nullable: true,
};

export class CloseConversationInput {
  @Uuid(BY_USER)
  userId?: string | null;
}

export class ReopenConversationInput {
  @Uuid(BY_USER)
  userId?: string | null;
}

export class FollowupConversationInput {
  @Instant({
    description: 'When the conversation opens again. Must be in the future.',
    example: '2099-03-14T09:26:53.589Z',
  })
  timestamp: string;

  @Uuid(BY_USER)
  userId?: string | null;
}

export class ClaimConversationInput {
  @Uuid({
    description: 'The id of the agent who claims the conversation.',
    example: EXAMPLE_IDS.agent,
  })
  agentId: string;

  @Flag({
    description: 'Whether to claim the conversation from another agent, too.',
    example: false,
    optional: true,
    nullable: true,
  })
  force?: boolean | null;
}

export class TransferConversationInput {
  @Uuid({ description: 'The id of the queue.', example: EXAMPLE_IDS.otherQueue })
  queueId: string;

  @Uuid(BY_USER)
  userId?: string | null;
}

export class LinkConversationInput {
  @Checked({
    description: 'The conversation that this one belongs to.',
    example: EXAMPLE_IDS.closedConversation,
    schema: { type: 'integer', format: 'int64', minimum: 1 },
    fault: (id) => (Number.isInteger(id) && (id as number) > 0 ? undefined : 'must be a positive whole number'),
  })
  parentId: number;

  @Choice({ description: 'The type of the link.', values: ['Related', 'SideConversation'], example: 'Related' })
  linkType: 'Related' | 'SideConversation';
}
