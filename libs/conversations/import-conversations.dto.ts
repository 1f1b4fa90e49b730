import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { dataOutput } from '#libs/http/endpoint.js';
import { Checked, Choice, Text, Uuid } from '#libs/http/fields.js';
import { Instant } from '#libs/http/instant-fields.js';
import { Nested, NestedList, UnionList, Union, Variant } from '#libs/http/nested-fields.js';
import { isRecord } from '#libs/platform/values.js';
import { CONTENTS, File, MAX_ATTACHMENTS } from './message-inputs.dto.js';
import { type MessageBody } from './conversation.rules.js';

/** Maximum number of messages of a conversation that one request imports. */
const MAX_IMPORTED = 1_000;
/** Maximum number of characters of further data, as JSON. */
const MAX_ATTRIBUTES = 10_000;

const AGENT = { description: 'The id of the agent.', example: EXAMPLE_IDS.agent };
const EXTERNAL_ID = { description: 'The id in the other system', optional: true, nullable: true } as const;
const ATTRIBUTES = {
  description: `Further data, an object of at most ${MAX_ATTRIBUTES.toLocaleString('en')} characters of JSON.`,
  example: { importedFrom: 'Helpdesk 7' },
  schema: { type: 'object', additionalProperties: true } as const,
  fault: (value: unknown) => {
    if (!isRecord(value)) return 'must be an object';
    return JSON.stringify(value).length > MAX_ATTRIBUTES
      ? `must have at most ${MAX_ATTRIBUTES} characters of JSON`
      : undefined;
  },
  optional: true,
  nullable: true,
};

@ApiExtraModels(...Object.values(CONTENTS))
class ImportedMessage {
  @Union(CONTENTS, {
    description: 'The content of the message.',
    example: { _type: 'Text', value: 'My order has not arrived.' },
  })
  content: NonNullable<MessageBody['content']>;

  @NestedList(() => File, { description: 'The attached files.', maxItems: MAX_ATTACHMENTS, optional: true })
  attachments?: File[];

  @Instant({
    description: 'When the message was written. Must not be in the future.',
    example: '2026-03-14T09:26:53.589Z',
  })
  createdAt: string;

  @Text({ ...EXTERNAL_ID, description: `${EXTERNAL_ID.description}, unique in the conversation.`, example: 'msg-1' })
  externalId?: string | null;

  @Checked(ATTRIBUTES)
  attributes?: Record<string, unknown> | null;
}

export class InboundImport extends ImportedMessage {
  @Variant('InboundImport', 'A message from the end user.')
  _type: 'InboundImport';
}

export class OutboundImport extends ImportedMessage {
  @Variant('OutboundImport', 'A message from an agent.')
  _type: 'OutboundImport';

  @Uuid(AGENT)
  agentId: string;
}

const MESSAGES = { InboundImport, OutboundImport };
export type ImportMessageInput = InboundImport | OutboundImport;

class ImportedAssignment {
  @Uuid(AGENT)
  agentId: string;

  @Instant({ description: 'When the agent was assigned.', example: '2026-03-14T09:31:00Z' })
  assignedAt: string;
}

class ImportedClosing {
  @Instant({ description: 'When the conversation was closed.', example: '2026-03-14T10:02:11Z' })
  closedAt: string;

  @Uuid({ description: 'The id of the agent or end user who closed it.', example: AGENT.example })
  closedBy: string;
}

@ApiExtraModels(InboundImport, OutboundImport)
export class GenericConversationImport {
  @Uuid({ description: 'The id of the end user.', example: EXAMPLE_IDS.endUser })
  requesterId: string;

  @Text({ description: 'The name of the channel in the other system.', example: 'Trustpilot', max: 100 })
  genericChannelName: string;

  @Choice({ description: 'Who began the conversation.', values: ['Inbound', 'Outbound'], example: 'Inbound' })
  direction: 'Inbound' | 'Outbound';

  @Instant({
    description: 'When the conversation began. Must not be in the future.',
    example: '2026-03-14T09:26:53.589Z',
  })
  createdAt: string;

  @Text({
    ...EXTERNAL_ID,
    description: `${EXTERNAL_ID.description}. A conversation that is imported again changes nothing.`,
    example: 'ticket-1042',
  })
  externalId?: string | null;

  @UnionList(MESSAGES, {
    description: 'The messages, oldest first.',
    maxItems: MAX_IMPORTED,
    optional: true,
    example: [
      { _type: 'InboundImport', content: { _type: 'Text', value: 'Hello' }, createdAt: '2026-03-14T09:26:53Z' },
    ],
  })
  messages?: ImportMessageInput[];

  @Nested(() => ImportedAssignment, {
    description: 'The agent who had the conversation last.',
    optional: true,
    nullable: true,
  })
  assignment?: ImportedAssignment | null;

  @Nested(() => ImportedClosing, {
    description: 'When the conversation was closed, and by whom.',
    optional: true,
    nullable: true,
  })
  closing?: ImportedClosing | null;

  @Choice({
    description: 'Whether the end user is connected. The value is accepted, but not stored.',
    values: ['Connected', 'Disconnected'],
    example: 'Disconnected',
    optional: true,
    nullable: true,
  })
  requesterConnectionStatus?: string | null;

  @Checked(ATTRIBUTES)
  attributes?: Record<string, unknown> | null;
}

class PartialError {
  @ApiProperty({
    description: 'The part that was not imported, and the reason.',
    example: `messages[3]: Agent ${EXAMPLE_IDS.agent} could not be found`,
  })
  message: string;
}

export class ImportConversationResponse {
  @ApiProperty({
    description: 'The number of the conversation.',
    type: 'integer',
    format: 'int64',
    example: EXAMPLE_IDS.conversation,
  })
  id: number;

  @ApiPropertyOptional({ description: 'Parts that were not imported. Absent if all were.', type: [PartialError] })
  partialErrors?: PartialError[];
}

export const ImportConversationOutput = dataOutput('ImportConversationOutput', ImportConversationResponse);
