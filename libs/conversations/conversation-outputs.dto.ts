import { type Type } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { CustomAttributeOutput } from '#libs/custom-attributes/attribute-values.published.js';
import { arrayOutput, dataOutput, listOutput, named, pageOutput } from '#libs/http/endpoint.js';
import { unionSchema, Variant } from '#libs/http/nested-fields.js';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '#libs/platform/channels.js';
import { TagOutput } from '#libs/tags/tag.shown.js';
import { BrowserInfo } from './conversation-inputs.dto.js';
import { type ConversationState, type Direction } from './conversation.rules.js';

const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };
const NUMBER = { type: 'integer', format: 'int64', example: 1042 } as const;

class Assignment {
  @ApiProperty({ description: 'The agent.', format: 'uuid', example: '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5' })
  agentId: string;

  @ApiProperty({ description: 'Since when.', ...INSTANT })
  assignedAt: string;
}

@ApiSchema({ name: 'ConversationQueue' })
class QueueShown {
  @ApiProperty({ description: 'The queue.', format: 'uuid', example: '01980f70-5d3c-7a42-8f0e-4b5c6d7e8f90' })
  id: string;

  @ApiPropertyOptional({ description: 'Since when it waits there; absent when it does not.', ...INSTANT })
  queuedAt?: string;
}

function linkOf(type: string, description: string): Type {
  class Link {
    @Variant(type, description)
    _type: string;

    @ApiProperty({ description: 'The conversation that it belongs to.', ...NUMBER, example: 1041 })
    parentId: number;
  }
  return named(type, Link);
}

const LINKS = {
  EmailForward: linkOf('EmailForward', 'A forwarded e-mail.'),
  FollowUp: linkOf('FollowUp', 'It follows up on another conversation, or is related to it.'),
  SideConversation: linkOf('SideConversation', 'An exchange on the side of another conversation.'),
};

/** What every conversation shows. */
@ApiExtraModels(CustomAttributeOutput, ...Object.values(LINKS))
class AnyConversation {
  @ApiProperty({ description: 'The conversation’s number, unique in the organization.', ...NUMBER })
  id: number;

  @ApiProperty({
    description: 'The end user whom it is about.',
    format: 'uuid',
    example: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a',
  })
  requesterId: string;

  @ApiProperty({ description: 'Where it takes place.', enum: CONVERSATION_CHANNELS, example: 'Email' })
  channel: ConversationChannel;

  @ApiProperty({ description: 'When it began.', ...INSTANT })
  createdAt: string;

  @ApiPropertyOptional({
    description: 'Who began it.',
    enum: ['Inbound', 'Internal', 'Outbound'],
    example: 'Inbound',
  })
  direction?: Direction;

  @ApiPropertyOptional({
    description: 'Where it stands.',
    enum: ['AwaitingPending', 'Closed', 'Open', 'Pending'],
    example: 'Open',
  })
  state?: ConversationState;

  @ApiPropertyOptional({ description: 'Since when it stands there.', ...INSTANT })
  stateUpdatedAt?: string;

  @ApiPropertyOptional({ description: 'The conversation that it belongs to.', ...unionSchema(LINKS) })
  link?: { _type: keyof typeof LINKS; parentId: number };

  @ApiPropertyOptional({ description: 'Its custom attributes; not part of lists.', type: [CustomAttributeOutput] })
  customAttributes?: CustomAttributeOutput[];

  @ApiPropertyOptional({ description: 'Until when the channel can be answered, where it sets a limit.', ...INSTANT })
  transportExpiresAt?: string;
}

class AnonymizedConversation extends AnyConversation {
  @Variant('AnonymizedConversation', 'A conversation without personal data.')
  _type: 'AnonymizedConversation';

  @ApiProperty({ description: 'Since when.', ...INSTANT })
  anonymizedAt: string;
}

class ServedConversation extends AnyConversation {
  @ApiPropertyOptional({ description: 'The agent who has it.', type: Assignment })
  assignment?: Assignment;

  @ApiPropertyOptional({ description: 'The queue that it was last put in.', type: QueueShown })
  queue?: QueueShown;
}

const SUBJECT = { description: 'The subject.', example: 'Where is my order?' };
const LANGUAGE = { description: 'The language, as a tag of BCP 47.', example: 'en' };
const FROM_EMAIL = { description: 'The sender’s address.', example: 'alice@brown.example' };
const TO_EMAIL = { description: 'The recipient’s address.', example: 'support@acme.example' };
const INTEGRATION_EMAIL = { description: 'The organization’s address.', example: 'support@acme.example' };

class EmailConversation extends ServedConversation {
  @Variant('EmailConversation', 'An e-mail.')
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
  @Variant('ContactFormConversation', 'A form of a web page.')
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

/** A chat, which knows the end user's browser. */
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
  @ApiPropertyOptional({ description: 'The sender’s number.', example: '+4570123456' })
  fromNumber?: string;

  @ApiPropertyOptional({ description: 'The recipient’s number.', example: '+4578787878' })
  toNumber?: string;
}

class SmsConversation extends NumberedConversation {
  @Variant('SmsConversation', 'A text message.')
  _type: 'SmsConversation';
}

class PstnPhoneConversation extends NumberedConversation {
  @Variant('PstnPhoneConversation', 'A phone call, also one that is to be made.')
  _type: 'PstnPhoneConversation';
}

class TwitterConversation extends ServedConversation {
  @Variant('TwitterConversation', 'An exchange on Twitter.')
  _type: 'TwitterConversation';

  @ApiProperty({ description: 'In private or not.', enum: ['DirectMessage', 'Tweet'], example: 'DirectMessage' })
  conversationType: string;

  @ApiPropertyOptional({ description: 'The organization’s account.', example: '783214' })
  contactPointTwitterId?: string;

  @ApiPropertyOptional({ description: 'The end user’s account.', example: '6253282' })
  endUserTwitterId?: string;
}

class GenericConversation extends ServedConversation {
  @Variant('GenericConversation', 'Any other channel.')
  _type: 'GenericConversation';

  @ApiPropertyOptional({ description: 'The sender’s contact point.', example: '+4570123456' })
  fromContactPointId?: string;

  @ApiPropertyOptional({ description: 'The recipient’s contact point.', example: '+4578787878' })
  toContactPointId?: string;
}

function served(type: string, description: string): Type {
  class Shown extends ServedConversation {
    @Variant(type, description)
    _type: string;
  }
  return named(type, Shown);
}

/** The schemas of a conversation, by what it is. */
export const CONVERSATIONS = {
  AnonymizedConversation,
  ChatConversation: chatLike('ChatConversation', 'A chat in a widget of a web page.'),
  ContactFormConversation,
  EmailConversation,
  FacebookMessengerConversation: served('FacebookMessengerConversation', 'A chat on Facebook.'),
  GenericConversation,
  MessengerConversation: chatLike('MessengerConversation', 'A chat in a messenger of a web page.'),
  PstnPhoneConversation,
  SmsConversation,
  TwitterConversation,
  WhatsAppConversation: served('WhatsAppConversation', 'A chat on WhatsApp.'),
};

/** A conversation as the API shows it. */
export type ConversationOutput = AnyConversation & { _type: keyof typeof CONVERSATIONS } & Record<string, unknown>;

class ConversationResponse {
  @ApiProperty({ description: 'The new conversation’s number.', ...NUMBER })
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

export class ListEndUserConversationsOutput extends pageOutput('', Object) {
  @ApiPropertyOptional({ description: 'The conversations.', type: 'array', items: conversationSchema })
  override data: ConversationOutput[];
}

export const CreateConversationOutput = dataOutput('CreateConversationOutput', ConversationResponse);
export const ConversationTagsOutput = listOutput('ConversationTagsOutput', TagOutput);
export const PatchConversationCustomAttributesOutput = arrayOutput(
  'PatchConversationCustomAttributesOutput',
  CustomAttributeOutput,
);
