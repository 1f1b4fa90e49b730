import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { dataOutput } from '#libs/http/endpoint.js';
import { QueryFlag } from '#libs/http/fields.js';

const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };

export class AnonymizeQuery {
  @QueryFlag({
    description: 'Closes conversations that are not closed. Without it, the answer for these is 409.',
    example: false,
    default: false,
    optional: true,
  })
  force?: boolean;
}

export class AnonymizationRequestStatus {
  @ApiProperty({ description: 'The request id.', format: 'uuid', example: EXAMPLE_IDS.anonymizationRequest })
  id: string;

  @ApiProperty({
    description: 'The kind of entity that is anonymized.',
    enum: [
      'ConversationAnonymizationType',
      'MessageAnonymizationType',
      'UnknownAnonymizationType',
      'UserAnonymizationType',
    ],
    example: 'UserAnonymizationType',
  })
  entityType: string;

  @ApiProperty({
    description: 'The kind of entity that is anonymized.',
    enum: ['Conversation', 'Message', 'User'],
    example: 'User',
  })
  _type: string;

  @ApiProperty({ description: 'When the anonymization was requested.', ...INSTANT })
  initiatedAt: string;

  @ApiProperty({
    description: 'The end user’s id, or the conversation’s number.',
    example: EXAMPLE_IDS.endUser,
  })
  targetEntityId: string;

  @ApiProperty({
    description: 'The agent who requested it.',
    format: 'uuid',
    example: EXAMPLE_IDS.agent,
  })
  requestedBy: string;

  @ApiPropertyOptional({ description: 'When the anonymization was finished. Absent until then.', ...INSTANT })
  processedAt?: string;
}

export const AnonymizeEntityOutput = dataOutput('AnonymizeEntityOutput', AnonymizationRequestStatus);
