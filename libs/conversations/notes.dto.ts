import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { bulkInput } from '#libs/http/bulk-input.js';
import { bulkOutput } from '#libs/http/bulk.js';
import { dataOutput, listOutput } from '#libs/http/endpoint.js';
import { Text, Uuid } from '#libs/http/fields.js';
import { Instant } from '#libs/http/instant-fields.js';

const MAX_LENGTH = 100_000;

export class CreateInternalNoteInput {
  @Text({
    description: 'The text of the note.',
    example: 'The customer called, too.',
    max: MAX_LENGTH,
    controls: true,
  })
  message: string;

  @Uuid({
    description: 'The id of the agent who writes the note. Default: the agent on whose behalf the token acts.',
    example: EXAMPLE_IDS.agent,
    optional: true,
    nullable: true,
  })
  agentId?: string | null;

  @Instant({
    description: 'When the note was written, for imports. Default: now. Must not be in the future.',
    example: '2026-03-14T09:26:53.589Z',
    optional: true,
    nullable: true,
  })
  createdAt?: string | null;
}

export class InternalNoteData {
  @ApiProperty({ description: 'The note id.', format: 'uuid', example: EXAMPLE_IDS.note })
  id: string;

  @ApiProperty({
    description: 'The id of the agent who wrote the note.',
    format: 'uuid',
    example: EXAMPLE_IDS.agent,
  })
  authorId: string;

  @ApiProperty({
    description: 'When the note was written.',
    format: 'date-time',
    example: '2026-03-14T09:26:53.589Z',
  })
  createdAt: string;

  @ApiProperty({
    description: 'The number of the conversation.',
    type: 'integer',
    format: 'int64',
    example: EXAMPLE_IDS.conversation,
  })
  csid: number;

  @ApiProperty({ description: 'The text of the note.', example: 'The customer called, too.' })
  message: string;
}

export const CreateNoteOutput = dataOutput('CreateNoteOutput', InternalNoteData);
export const ListInternalNotesOutput = listOutput('ListInternalNotesOutput', InternalNoteData);
export const BulkCreateInternalNoteInput = bulkInput('BulkCreateInternalNoteInput', CreateInternalNoteInput);
export const BulkCreateNoteOutput = bulkOutput('BulkCreateNoteOutput', 'InternalNoteData', {
  allOf: [{ $ref: getSchemaPath(InternalNoteData) }],
});
