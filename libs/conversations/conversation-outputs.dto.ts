import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type Type } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { CustomAttributeOutput } from '#libs/custom-attributes/attribute-values.published.js';
import { arrayOutput, dataOutput, listOutput, named, pageOutput } from '#libs/http/endpoint.js';
import { unionSchema, Variant } from '#libs/http/nested-fields.js';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '#libs/platform/channels.js';
import { BrowserInfo } from './conversation-inputs.dto.js';
import { type ConversationState, type Direction } from './conversation.rules.js';

/** The states of a conversation. */
export const STATES = ['AwaitingPending', 'Closed', 'Open', 'Pending'] satisfies ConversationState[];

const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };
const NUMBER = { type: 'integer', format: 'int64', example: EXAMPLE_IDS.conversation } as const;

class Assignment {
  @ApiProperty({ description: 'The id of the agent.', format: 'uuid', example: EXAMPLE_IDS.agent })
  agentId: string;

  @ApiProperty({ description: 'When the agent was assigned.', ...INSTANT })
  assignedAt: string;
}

@ApiSchema({ name: 'ConversationQueue' })
class QueueShown {
  @ApiProperty({ description: 'The queue.', format: 'uuid', example: EXAMPLE_IDS.queue })
  id: string;

  @ApiPropertyOptional({
    description: 'Since when the conversation waits in the queue. Absent while it does not wait.',
    ...INSTANT,
  })
  queuedAt?: string;
}

function linkOf(type: string, description: string): Type {
  class Link {
    @Variant(type, description)
    _type: string;

    @ApiProperty({ description: 'The conversation that this one belongs to.', ...NUMBER, example: 1041 })
    parentId: number;
  }
  return named(type, Link);
}

const LINKS = {
  EmailForward: linkOf('EmailForward', 'A forwarded e-mail.'),
  FollowUp: linkOf('FollowUp', 'A follow-up of another conversation, or a related one.'),
  SideConversation: linkOf('SideConversation', 'A side conversation of another conversation.'),
};

/** The common fields of all conversations. */
@ApiExtraModels(CustomAttributeOutput, ...Object.values(LINKS))
class AnyConversation {
  @ApiProperty({ description: 'The conversation’s number, unique in the organization.', ...NUMBER })
  id: number;

  @ApiProperty({
    description: 'The id of the end user.',
    format: 'uuid',
    example: EXAMPLE_IDS.endUser,
  })
  requesterId: string;

  @ApiProperty({ description: 'The channel.', enum: CONVERSATION_CHANNELS, example: 'Email' })
  channel: ConversationChannel;

  @ApiProperty({ description: 'When the conversation began.', ...INSTANT })
  createdAt: string;

  @ApiPropertyOptional({
    description: 'Who began the conversation.',
    enum: ['Inbound', 'Internal', 'Outbound'],
    example: 'Inbound',
  })
  direction?: Direction;

  @ApiPropertyOptional({
    description: 'The state of the conversation.',
    enum: STATES,
    example: 'Open',
  })
  state?: ConversationState;

  @ApiPropertyOptional({ description: 'When the conversation entered its state.', ...INSTANT })
  stateUpdatedAt?: string;

  @ApiPropertyOptional({ description: 'The conversation that this one belongs to.', ...unionSchema(LINKS) })
  link?: { _type: keyof typeof LINKS; parentId: number };

  @ApiPropertyOptional({
    description: 'The custom attributes. Lists do not include them.',
    type: [CustomAttributeOutput],
  })
  customAttributes?: CustomAttributeOutput[];

  @ApiPropertyOptional({
    description: 'Until when messages can be sent on the channel, if the channel sets a limit.',
    ...INSTANT,
  })
  transportExpiresAt?: string;
}

class AnonymizedConversation extends AnyConversation {
  @Variant('AnonymizedConversation', 'A conversation without its personal data.')
  _type: 'AnonymizedConversation';

  @ApiProperty({ description: 'When the conversation was anonymized.', ...INSTANT })
  anonymizedAt: string;
}

class ServedConversation extends AnyConversation {
  @ApiPropertyOptional({ description: 'The agent to whom the conversation is assigned.', type: Assignment })
  assignment?: Assignment;

  @ApiPropertyOptional({ description: 'The queue into which the conversation was last put.', type: QueueShown })
  queue?: QueueShown;

  @ApiPropertyOptional({
    description: 'The id of an imported conversation in the other system.',
    example: 'ticket-1042',
  })
  externalId?: string;

  @ApiPropertyOptional({
    description: 'Further data of an imported conversation.',
    type: 'object',
    additionalProperties: true,
    example: { importedFrom: 'Helpdesk 7' },
  })
  attributes?: object;

  @ApiPropertyOptional({ description: 'When the latest message was written.', ...INSTANT })
  lastMessageAt?: string;

  @ApiPropertyOptional({
    description: 'Since when the end user waits for an answer of the agent. Absent while nobody waits.',
    ...INSTANT,
  })
  awaitingReplySince?: string;
}

const SUBJECT = { description: 'The subject.', example: 'Where is my order?' };
const LANGUAGE = { description: 'The language, as a BCP 47 tag.', example: 'en' };
const FROM_EMAIL = { description: 'The address of the sender.', example: 'alice@brown.example' };
const TO_EMAIL = { description: 'The address of the recipient.', example: 'support@acme.example' };
const INTEGRATION_EMAIL = { description: 'The address of the organization.', example: 'support@acme.example' };

class EmailConversation extends ServedConversation {
  @Variant('EmailConversation', 'An e-mail conversation.')
  _type: 'EmailConversation';

  @ApiProperty(TO_EMAIL)
  toEmail: string;

  @ApiProperty(FROM_EMAIL)
  fromEmail: string;

  @ApiProperty(INTEGRATION_EMAIL)
  integrationEmail: string;

  @ApiPropertyOptional(LANGUAGE)
  language?: string;

  @ApiPropertyOptional(SUBJECT)
  subject?: string;
}

class ContactFormConversation extends ServedConversation {
  @Variant('ContactFormConversation', 'A form on a web page.')
  _type: 'ContactFormConversation';

  @ApiProperty(FROM_EMAIL)
  fromEmail: string;

  @ApiPropertyOptional(TO_EMAIL)
  toEmail?: string;

  @ApiPropertyOptional(INTEGRATION_EMAIL)
  integrationEmail?: string;

  @ApiPropertyOptional(LANGUAGE)
  language?: string;

  @ApiPropertyOptional(SUBJECT)
  subject?: string;
}

/** Returns the schema of a chat, which shows the end user's browser. */
function chatLike(type: string, description: string): Type {
  class Shown extends ServedConversation {
    @Variant(type, description)
    _type: string;

    @ApiPropertyOptional({ description: 'The end user’s browser.', type: BrowserInfo })
    browserInfo?: BrowserInfo;

    @ApiPropertyOptional(LANGUAGE)
    language?: string;
  }
  return named(type, Shown);
}

class NumberedConversation extends ServedConversation {
  @ApiPropertyOptional({ description: 'The number of the sender.', example: '+4570123456' })
  fromNumber?: string;

  @ApiPropertyOptional({ description: 'The number of the recipient.', example: '+4578787878' })
  toNumber?: string;
}

class SmsConversation extends NumberedConversation {
  @Variant('SmsConversation', 'A text message conversation.')
  _type: 'SmsConversation';
}

class PstnPhoneConversation extends NumberedConversation {
  @Variant('PstnPhoneConversation', 'A phone call that takes place or is to be made.')
  _type: 'PstnPhoneConversation';
}

class TwitterConversation extends ServedConversation {
  @Variant('TwitterConversation', 'A Twitter conversation.')
  _type: 'TwitterConversation';

  @ApiProperty({
    description: 'Whether the conversation takes place in private.',
    enum: ['DirectMessage', 'Tweet'],
    example: 'DirectMessage',
  })
  conversationType: string;

  @ApiPropertyOptional({ description: 'The account of the organization.', example: '783214' })
  contactPointTwitterId?: string;

  @ApiPropertyOptional({ description: 'The account of the end user.', example: '6253282' })
  endUserTwitterId?: string;
}

class GenericConversation extends ServedConversation {
  @Variant('GenericConversation', 'Another channel.')
  _type: 'GenericConversation';

  @ApiPropertyOptional({ description: 'The contact point of the sender.', example: '+4570123456' })
  fromContactPointId?: string;

  @ApiPropertyOptional({ description: 'The contact point of the recipient.', example: '+4578787878' })
  toContactPointId?: string;
}

function served(type: string, description: string): Type {
  class Shown extends ServedConversation {
    @Variant(type, description)
    _type: string;
  }
  return named(type, Shown);
}

/** The schemas of conversations by type. */
export const CONVERSATIONS = {
  AnonymizedConversation,
  ChatConversation: chatLike('ChatConversation', 'A chat in a widget on a web page.'),
  ContactFormConversation,
  EmailConversation,
  FacebookMessengerConversation: served('FacebookMessengerConversation', 'A Facebook conversation.'),
  GenericConversation,
  MessengerConversation: chatLike('MessengerConversation', 'A chat in a messenger on a web page.'),
  PstnPhoneConversation,
  SmsConversation,
  TwitterConversation,
  WhatsAppConversation: served('WhatsAppConversation', 'A chat on WhatsApp.'),
};

/** A conversation as the API shows it. */
export type ConversationOutput = AnyConversation & { _type: keyof typeof CONVERSATIONS } & Record<string, unknown>;

class ConversationResponse {
  @ApiProperty({ description: 'The number of the new conversation.', ...NUMBER })
  id: number;
}

const conversationSchema = { ...unionSchema(CONVERSATIONS) };

@ApiExtraModels(...Object.values(CONVERSATIONS))
export class GetConversationOutput {
  @ApiProperty({ description: 'The conversation.', ...conversationSchema })
  data: ConversationOutput;
}

@ApiExtraModels(...Object.values(CONVERSATIONS))
export class ListLinkedConversationsOutput extends listOutput('', Object) {
  @ApiPropertyOptional({ description: 'The conversations.', type: 'array', items: conversationSchema })
  override data: ConversationOutput[];
}

@ApiExtraModels(...Object.values(CONVERSATIONS))
export class ListConversationsOutput extends pageOutput('', Object) {
  @ApiPropertyOptional({ description: 'The conversations.', type: 'array', items: conversationSchema })
  override data: ConversationOutput[];
}

export class ListEndUserConversationsOutput extends ListConversationsOutput {}

export const CreateConversationOutput = dataOutput('CreateConversationOutput', ConversationResponse);
export const PatchConversationCustomAttributesOutput = arrayOutput(
  'PatchConversationCustomAttributesOutput',
  CustomAttributeOutput,
);
