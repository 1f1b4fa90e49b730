import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { type AnonymizedEntity } from '#libs/anonymization/anonymization.rules.js';
import { conversationSchema, Message } from '#libs/conversations/conversation-schema.published.js';
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
    example: EXAMPLE_IDS.subscription,
  })
  subscriptionId: string;

  @ApiPropertyOptional({ description: 'The name of the subscription. Absent if it was deleted.', example: 'CRM' })
  subscriptionName?: string;

  @ApiProperty({ description: 'The state of the delivery.', enum: STATES, example: 'delivered' })
  state: (typeof STATES)[number];

  @ApiProperty({ description: 'When the delivery was created.', ...INSTANT })
  createdAt: string;

  @ApiPropertyOptional({
    description: 'When the delivery reached its final state. Absent while it is pending.',
    ...LATER,
  })
  finishedAt?: string;
}

export class ExportedEvent extends HistoryEventOutput {
  @ApiProperty({
    description: 'The webhook deliveries of the event, as long as they are kept.',
    type: [ExportedDelivery],
  })
  deliveries: ExportedDelivery[];
}

export class ExportedRequest {
  @ApiProperty({ description: 'The request id.', format: 'uuid', example: EXAMPLE_IDS.anonymizationRequest })
  id: string;

  @ApiProperty({
    description: 'The kind of entity that is anonymized.',
    enum: ['User', 'Conversation', 'Message'],
    example: 'User',
  })
  entity: AnonymizedEntity;

  @ApiProperty({ description: 'When the anonymization was requested.', ...INSTANT })
  initiatedAt: string;

  @ApiProperty({
    description: 'The agent who requested it.',
    format: 'uuid',
    example: EXAMPLE_IDS.agent,
  })
  requestedBy: string;

  @ApiPropertyOptional({ description: 'When the anonymization was finished. Absent until then.', ...LATER })
  processedAt?: string;
}

export class ExportedAddress {
  @ApiProperty({ description: 'The kind of the address.', enum: ['email', 'phone', 'externalId'], example: 'email' })
  kind: AddressKind;

  @ApiProperty({ description: 'The address.', example: 'alice@brown.example' })
  value: string;

  @ApiProperty({ description: 'The field of the end user that has the address.', example: 'email' })
  field: string;
}

export class ExportedConversation {
  @ApiProperty({ description: 'The conversation, with its custom attributes.', ...conversationSchema })
  conversation: object;

  @ApiProperty({ description: 'The messages, oldest first.', type: [Message] })
  messages: AsyncIterable<Message>;

  @ApiProperty({ description: 'The names of the tags.', type: [String], example: ['VIP'] })
  tags: string[];

  @ApiProperty({
    description: 'Requests to anonymize this conversation, or one of its messages, only.',
    type: [ExportedRequest],
  })
  anonymizationRequests: ExportedRequest[];

  @ApiProperty({
    description: 'The events, oldest first. They do not repeat the messages.',
    type: [ExportedEvent],
  })
  history: AsyncIterable<ExportedEvent>;
}

@ApiSchema({ name: 'EndUserExport' })
export class EndUserExport {
  @ApiProperty({
    description: 'When the export began. It may or may not include changes made while it is read.',
    ...INSTANT,
  })
  exportedAt: string;

  @ApiProperty({ description: 'The end user.', allOf: [{ $ref: getSchemaPath('EndUser') }] })
  endUser: ShownEndUser;

  @ApiProperty({ description: 'All addresses that identify the end user.', type: [ExportedAddress] })
  addresses: ExportedAddress[];

  @ApiProperty({ description: 'Requests to anonymize the end user.', type: [ExportedRequest] })
  anonymizationRequests: ExportedRequest[];

  @ApiProperty({ description: 'The end user’s events, oldest first.', type: [ExportedEvent] })
  history: AsyncIterable<ExportedEvent>;

  @ApiProperty({ description: 'The end user’s conversations, oldest first.', type: [ExportedConversation] })
  conversations: AsyncIterable<ExportedConversation>;
}

export const EndUserExportOutput = dataOutput('EndUserExportOutput', EndUserExport);
