import { ApiExtraModels } from '@nestjs/swagger';
import { named } from '#libs/http/endpoint.js';
import { Choice, Flag, Text, Uuid, Uuids, Checked } from '#libs/http/fields.js';
import { Instant } from '#libs/http/instant-fields.js';
import { Nested, NestedList, Union, Variant } from '#libs/http/nested-fields.js';
import { faultOfEmail, faultOfWebUrl } from '#libs/people/contact.js';

const MAX_CONTENT = 100_000;
const MAX_ATTACHMENTS = 20;
const MAX_RECIPIENTS = 50;

/** The schema of a content in one format. */
function content(format: string, name: string, example: string) {
  class Content {
    @Variant(format, name)
    _type: 'Html' | 'Markdown' | 'Text';

    @Text({ description: 'The content itself.', example, max: MAX_CONTENT, controls: true })
    value: string;
  }
  return named(format, Content);
}

export const CONTENTS = {
  Html: content('Html', 'HTML.', '<p>My order has not arrived.</p>'),
  Markdown: content('Markdown', 'Markdown.', 'My order has **not** arrived.'),
  Text: content('Text', 'Plain text.', 'My order has not arrived.'),
};

interface Content {
  _type: 'Html' | 'Markdown' | 'Text';
  value: string;
}

const CONTENT = { description: 'What is said.', example: { _type: 'Text', value: 'My order has not arrived.' } };

export class File {
  @Text({
    description: 'Where it can be fetched.',
    example: 'https://files.brown.example/receipt.pdf',
    format: 'uri',
    max: 2048,
    fault: faultOfWebUrl,
  })
  url: string;

  @Text({ description: 'Its name for people.', example: 'receipt.pdf', optional: true, nullable: true })
  prettyName?: string | null;
}

class AnyMessage {
  @NestedList(() => File, { description: 'Files that go with it.', maxItems: MAX_ATTACHMENTS, optional: true })
  attachments?: File[];

  @Text({
    description: 'The e-mail integration that it goes through.',
    example: 'support@acme.example',
    max: 254,
    fault: faultOfEmail,
    optional: true,
    nullable: true,
  })
  integrationEmail?: string | null;

  @Text({ description: 'Its id elsewhere.', example: 'msg-20260314-1', optional: true, nullable: true })
  externalId?: string | null;
}

@ApiExtraModels(...Object.values(CONTENTS))
export class Inbound extends AnyMessage {
  @Variant('Inbound', 'A message from the end user.')
  _type: 'Inbound';

  @Union(CONTENTS, CONTENT)
  content: Content;
}

@ApiExtraModels(...Object.values(CONTENTS))
export class Outbound extends AnyMessage {
  @Variant('Outbound', 'A message from an agent.')
  _type: 'Outbound';

  @Union(CONTENTS, { ...CONTENT, optional: true })
  content?: Content;

  @Uuid({ description: 'The agent who writes.', example: '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5' })
  agentId: string;

  @Uuids({
    description: 'End users who get a copy.',
    example: ['01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a'],
    maxItems: MAX_RECIPIENTS,
    optional: true,
  })
  cc?: string[];

  @Uuids({
    description: 'End users who get a copy unseen.',
    example: ['01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a'],
    maxItems: MAX_RECIPIENTS,
    optional: true,
  })
  bcc?: string[];
}

const MESSAGES = { Inbound, Outbound };

export class BrowserInfo {
  @Text({ description: 'The browser.', example: 'Firefox' })
  name: string;

  @Text({ description: 'Its version.', example: '148.0', optional: true, nullable: true })
  version?: string | null;

  @Text({
    description: 'The address that it came from.',
    example: '203.0.113.7',
    max: 64,
    optional: true,
    nullable: true,
  })
  ipAddress?: string | null;

  @Text({
    description: 'The page that it was on.',
    example: 'https://shop.example/cart',
    max: 2048,
    fault: faultOfWebUrl,
    optional: true,
    nullable: true,
  })
  originatingUrl?: string | null;
}

class AnyConversation {
  @Uuid({ description: 'The end user whom it is about.', example: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a' })
  requesterId: string;
}

@ApiExtraModels(Inbound, Outbound)
class MessageConversation extends AnyConversation {
  @Union(MESSAGES, {
    description:
      'The message that it begins with. An inbound one waits in the default queue; an outbound one is assigned to its agent.',
    example: { _type: 'Inbound', content: { _type: 'Text', value: 'My order has not arrived.' } },
  })
  message: Inbound | Outbound;
}

const LANGUAGE = {
  description: 'The language, as a tag of BCP 47.',
  example: 'en',
  max: 35,
  optional: true,
  nullable: true,
};
const ENDPOINT = { description: 'The organization’s phone number.', example: '+4578787878', max: 64 };

export class Callback extends AnyConversation {
  @Variant('Callback', 'A call that is to be made.')
  _type: 'Callback';

  @Choice({ description: 'Who has asked for it.', values: ['Inbound', 'Outbound'], example: 'Inbound' })
  direction: 'Inbound' | 'Outbound';

  @Text(ENDPOINT)
  contactEndpointId: string;

  @Uuid({ description: 'The queue that it waits in.', example: '01980f70-5d3c-7a42-8f0e-4b5c6d7e8f90' })
  queueId: string;
}

export class Chat extends MessageConversation {
  @Variant('Chat', 'A chat in a widget of a web page.')
  _type: 'Chat';

  @Uuid({ description: 'The widget.', example: '01980f71-6e4d-7b53-9a1f-5c6d7e8f9012' })
  widgetId: string;

  @Nested(() => BrowserInfo, { description: 'The end user’s browser.', optional: true, nullable: true })
  browserInfo?: BrowserInfo | null;

  @Text(LANGUAGE)
  language?: string | null;
}

class MailConversation extends MessageConversation {
  @Text({
    description: 'The organization’s e-mail address.',
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
  @Variant('ContactForm', 'A form of a web page.')
  _type: 'ContactForm';
}

export class Email extends MailConversation {
  @Variant('Email', 'An e-mail.')
  _type: 'Email';
}

export class Sms extends MessageConversation {
  @Variant('Sms', 'A text message.')
  _type: 'Sms';

  @Text(ENDPOINT)
  contactEndpointId: string;
}

/** The variants of CreateConversationInput. */
export const CREATE_CONVERSATION_INPUTS = { Callback, Chat, ContactForm, Email, Sms };
export type CreateConversationInput = Callback | Chat | ContactForm | Email | Sms;

const BY_USER = {
  description: 'The agent or end user on whose behalf it is done.',
  example: '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5',
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
  @Instant({ description: 'When it is to be open again; in the future.', example: '2027-03-14T09:26:53.589Z' })
  timestamp: string;

  @Uuid(BY_USER)
  userId?: string | null;
}

export class ClaimConversationInput {
  @Uuid({ description: 'The agent who takes it.', example: '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5' })
  agentId: string;

  @Flag({ description: 'Take it also from another agent.', example: false, optional: true, nullable: true })
  force?: boolean | null;
}

export class TransferConversationInput {
  @Uuid({ description: 'The queue that it is to wait in.', example: '01980f70-5d3c-7a42-8f0e-4b5c6d7e8f90' })
  queueId: string;

  @Uuid(BY_USER)
  userId?: string | null;
}

export class LinkConversationInput {
  @Checked({
    description: 'The conversation that it belongs to.',
    example: 1041,
    schema: { type: 'integer', format: 'int64', minimum: 1 },
    fault: (id) => (Number.isInteger(id) && (id as number) > 0 ? undefined : 'must be a positive whole number'),
  })
  parentId: number;

  @Choice({ description: 'How they belong together.', values: ['Related', 'SideConversation'], example: 'Related' })
  linkType: 'Related' | 'SideConversation';
}
