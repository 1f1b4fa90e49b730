import { ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { type AnonymizedEntity } from '#libs/anonymization/anonymization.rules.js';
import { conversationSchema } from '#libs/conversations/conversation-schema.published.js';
import { type AddressKind } from '#libs/end-users/addresses.published.js';
import { type ShownEndUser } from '#libs/end-users/end-user.shown.js';
import { dataOutput } from '#libs/http/endpoint.js';
import { HistoryEventOutput } from './history.dto.js';

const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };
const LATER = { format: 'date-time', example: '2026-03-14T09:31:58.127Z' };
const STATES = ['pending', 'delivered', 'exhausted', 'cancelled'] as const;

export class ExportedDelivery {
  @ApiProperty({
    description: 'The webhook subscription.',
    format: 'uuid',
    example: '01980f61-4a2b-7e13-8c5d-2b3c4d5e6f70',
  })
  subscriptionId: string;

  @ApiPropertyOptional({ description: 'Its name; absent when it is deleted.', example: 'CRM' })
  subscriptionName?: string;

  @ApiProperty({ description: 'Where the delivery is.', enum: STATES, example: 'delivered' })
  state: (typeof STATES)[number];

  @ApiProperty({ description: 'When it was created.', ...INSTANT })
  createdAt: string;

  @ApiPropertyOptional({ description: 'When it came to its end; absent while it is pending.', ...LATER })
  finishedAt?: string;
}

export class ExportedEvent extends HistoryEventOutput {
  @ApiProperty({ description: 'To whom it was delivered, as far as that is kept.', type: [ExportedDelivery] })
  deliveries: ExportedDelivery[];
}

export class ExportedRequest {
  @ApiProperty({ description: 'The request id.', format: 'uuid', example: '01980f72-7f5e-7c64-8b20-6d7e8f901234' })
  id: string;

  @ApiProperty({ description: 'What is anonymized.', enum: ['User', 'Conversation'], example: 'User' })
  entity: AnonymizedEntity;

  @ApiProperty({ description: 'When it was requested.', ...INSTANT })
  initiatedAt: string;

  @ApiProperty({
    description: 'The agent who requested it.',
    format: 'uuid',
    example: '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5',
  })
  requestedBy: string;

  @ApiPropertyOptional({ description: 'When it was done; absent until then.', ...LATER })
  processedAt?: string;
}

export class ExportedAddress {
  @ApiProperty({ description: 'What it is.', enum: ['email', 'phone', 'externalId'], example: 'email' })
  kind: AddressKind;

  @ApiProperty({ description: 'The address.', example: 'alice@brown.example' })
  value: string;

  @ApiProperty({ description: 'The field of the end user that holds it.', example: 'email' })
  field: string;
}

export class ExportedConversation {
  @ApiProperty({ description: 'The conversation, with its custom attributes.', ...conversationSchema })
  conversation: object;

  @ApiPropertyOptional({
    description: 'The message that it began with; absent when there is none, or no longer.',
    type: 'object',
    additionalProperties: true,
    example: {
      id: '01980f73-5e4d-7a3c-9b2a-1d0e2f3a4b5c',
      direction: 'Inbound',
      content: { _type: 'Text', value: 'It has not arrived.' },
    },
  })
  message?: object;

  @ApiProperty({ description: 'The names of its tags.', type: [String], example: ['VIP'] })
  tags: string[];

  @ApiProperty({ description: 'Requests to anonymize it alone.', type: [ExportedRequest] })
  anonymizationRequests: ExportedRequest[];

  @ApiProperty({
    description: 'Its events, oldest first; the first one without the message, which stands in `message`.',
    type: [ExportedEvent],
  })
  history: AsyncIterable<ExportedEvent>;
}

@ApiSchema({ name: 'EndUserExport' })
export class EndUserExport {
  @ApiProperty({
    description: 'When the export began. What changes while it is read may be part of it, or not.',
    ...INSTANT,
  })
  exportedAt: string;

  @ApiProperty({ description: 'The end user.', allOf: [{ $ref: getSchemaPath('EndUser') }] })
  endUser: ShownEndUser;

  @ApiProperty({ description: 'All addresses by which the end user is found.', type: [ExportedAddress] })
  addresses: ExportedAddress[];

  @ApiProperty({ description: 'Requests to anonymize the end user.', type: [ExportedRequest] })
  anonymizationRequests: ExportedRequest[];

  @ApiProperty({ description: 'The end user’s events, oldest first.', type: [ExportedEvent] })
  history: AsyncIterable<ExportedEvent>;

  @ApiProperty({ description: 'The end user’s conversations, oldest first.', type: [ExportedConversation] })
  conversations: AsyncIterable<ExportedConversation>;
}

export const EndUserExportOutput = dataOutput('EndUserExportOutput', EndUserExport);
