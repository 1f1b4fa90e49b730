import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type Type } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { dataOutput, named, pageOutput } from '#libs/http/endpoint.js';
import { unionSchema, Variant } from '#libs/http/nested-fields.js';
import { pageQuery } from '#libs/http/paging.js';
import { CALL_ATTRIBUTES } from './call-attributes.dto.js';
import { CONTENTS, File, Inbound, Outbound } from './message-inputs.dto.js';
import { type Direction, type MessageBody } from './conversation.rules.js';

/** The variants of CreateMessageInput. */
export const CREATE_MESSAGE_INPUTS = { Inbound, Outbound };
export type CreateMessageInput = Inbound | Outbound;

/** Messages are listed whole for clients that do not follow `meta.next`, as long as that is not too much. */
export class ListMessagesQuery extends pageQuery({ usual: 1_000, max: 1_000 }) {}

const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };
const AUTHOR = {
  description: 'The id of the author: the end user of an inbound message, the agent of an outbound one.',
  format: 'uuid',
  example: EXAMPLE_IDS.endUser,
};
const DIRECTION = {
  description: 'The direction.',
  enum: ['Inbound', 'Internal', 'Outbound'],
  example: 'Inbound',
};
const CONTENT = {
  description: 'The content. HTML is shown as it was sent and, in `sanitizedValue`, as a page can show it.',
  ...unionSchema(CONTENTS),
  example: { _type: 'Text', value: 'My order has not arrived.' },
};
const EXTERNAL_ID = { description: 'The id in another system.', example: 'msg-20260314-1' };

/** For fields and types of the public API that the server does not produce. */
const NEVER = ' Never present: it is not stored.';

class EmailContact {
  @ApiProperty({ description: 'The e-mail address.', example: 'alice@brown.example' })
  email: string;

  @ApiPropertyOptional({ description: 'The name.', example: 'Alice Brown' })
  name?: string;
}

@ApiExtraModels(...Object.values(CONTENTS))
class Regular {
  @Variant('Regular', 'A content that is shown in full.')
  _type: 'Regular';

  @ApiProperty(CONTENT)
  content: object;
}

class TooLarge {
  @Variant('TooLarge', 'A content that is too large to be shown. The server never returns this.')
  _type: 'TooLarge';

  @ApiProperty({ description: 'The file with the content.', type: File })
  file: File;
}

class AnyAttributes {
  @ApiPropertyOptional(DIRECTION)
  direction?: Direction;

  @ApiPropertyOptional({ description: 'The attached files. They are not stored here.', type: [File] })
  attachments?: File[];
}

@ApiExtraModels(...Object.values(CONTENTS))
class WithContent extends AnyAttributes {
  @ApiPropertyOptional(CONTENT)
  content?: object;
}

/** Returns the schema of the messages of a channel that has only contents. */
function plain(type: string, description: string): Type {
  class Attributes extends WithContent {
    @Variant(type, description)
    _type: string;
  }
  return named(type, Attributes);
}

class ChatAttributes extends WithContent {
  @Variant('ChatAttributes', 'A message of a chat.')
  _type: 'ChatAttributes';

  @ApiProperty({ description: 'Whether a program wrote the message. Always false.', example: false })
  isAutomated: boolean;
}

const CONTACTS: { type: [typeof EmailContact] } = { type: [EmailContact] };

@ApiExtraModels(Regular, TooLarge)
class MailAttributes extends AnyAttributes {
  @ApiPropertyOptional({
    description: 'The content of the e-mail.',
    ...unionSchema({ Regular, TooLarge }),
    example: { _type: 'Regular', content: CONTENT.example },
  })
  emailContent?: object;

  @ApiPropertyOptional({ description: 'The recipients.', ...CONTACTS })
  to?: EmailContact[];

  @ApiPropertyOptional({ description: 'The recipients of a copy.', ...CONTACTS })
  cc?: EmailContact[];

  @ApiPropertyOptional({ description: 'The recipients of a blind copy.', ...CONTACTS })
  bcc?: EmailContact[];

  @ApiProperty({ description: 'Whether a program answered. Always false.', example: false })
  isAutoReply: boolean;

  @ApiPropertyOptional({ description: `Pictures in the text.${NEVER}`, type: [File] })
  inlineImages?: File[];

  @ApiPropertyOptional({ description: `The reason why it was not delivered.${NEVER}`, example: 'Mailbox full' })
  deliveryFailureReason?: string;

  @ApiPropertyOptional({ description: `The e-mail as it was sent.${NEVER}`, type: File })
  originalContentUrl?: File;
}

class EmailAttributes extends MailAttributes {
  @Variant('EmailAttributes', 'An e-mail.')
  _type: 'EmailAttributes';

  @ApiProperty({ description: 'The sender.', type: EmailContact })
  from: EmailContact;
}

class ContactFormAttributes extends MailAttributes {
  @Variant('ContactFormAttributes', 'A message of a contact form, or an answer to it.')
  _type: 'ContactFormAttributes';

  @ApiPropertyOptional({ description: 'The sender.', type: EmailContact })
  from?: EmailContact;

  @ApiPropertyOptional({ description: `The address for replies.${NEVER}`, ...CONTACTS })
  replyDefaultToEmails?: EmailContact[];
}

/** The types of messages, by channel. */
export const ATTRIBUTES = {
  ...CALL_ATTRIBUTES,
  ChatAttributes,
  ContactFormAttributes,
  EmailAttributes,
  FacebookMessengerAttributes: plain('FacebookMessengerAttributes', 'A message of Facebook Messenger.'),
  GenericAttributes: plain('GenericAttributes', 'A message of another channel, or an anonymized message.'),
  SmsAttributes: plain('SmsAttributes', 'A text message.'),
  TwitterAttributes: plain('TwitterAttributes', 'A Twitter message.'),
  WhatsAppAttributes: plain('WhatsAppAttributes', 'A WhatsApp message.'),
};

@ApiExtraModels(...Object.values(ATTRIBUTES))
export class Message {
  @ApiProperty({ description: 'The message id.', format: 'uuid', example: EXAMPLE_IDS.message })
  id: string;

  @ApiProperty(AUTHOR)
  authorId: string;

  @ApiPropertyOptional(EXTERNAL_ID)
  externalId?: string;

  @ApiProperty({ description: 'When the message was written.', ...INSTANT })
  createdAt: string;

  @ApiProperty({
    description: 'The message, whose type depends on the channel. An anonymized message has only its direction.',
    ...unionSchema(ATTRIBUTES),
    example: { _type: 'ChatAttributes', direction: 'Inbound', isAutomated: false, content: CONTENT.example },
  })
  attributes: { _type: keyof typeof ATTRIBUTES; direction: Direction; [field: string]: unknown };
}

@ApiExtraModels(...Object.values(CONTENTS))
export class CreateMessageOutputData {
  @ApiPropertyOptional({
    description: 'The message id.',
    format: 'uuid',
    example: EXAMPLE_IDS.message,
  })
  messageId?: string;

  @ApiPropertyOptional({
    description: 'The number of the conversation with the message: a different one if it began a follow-up.',
    type: 'integer',
    format: 'int64',
    example: EXAMPLE_IDS.conversation,
  })
  conversationId?: number;

  @ApiProperty(AUTHOR)
  authorId: string;

  @ApiProperty(DIRECTION)
  direction: Direction;

  @ApiPropertyOptional(CONTENT)
  content?: MessageBody['content'];

  @ApiPropertyOptional(EXTERNAL_ID)
  externalId?: string;

  @ApiPropertyOptional({ description: 'When the message was written.', ...INSTANT })
  createdAt?: string;
}

export const CreateMessageOutput = dataOutput('CreateMessageOutput', CreateMessageOutputData);
export const ListMessagesOutput = pageOutput('ListMessagesOutput', Message);
