import { getSchemaPath } from '@nestjs/swagger';
import { bulkInput } from '#libs/http/bulk-input.js';
import { bulkOutput } from '#libs/http/bulk.js';
import { listOutput } from '#libs/http/endpoint.js';
import { Text } from '#libs/http/fields.js';
import { TagOutput } from '#libs/tags/tag.shown.js';

export class TagConversationInput {
  @Text({
    description:
      'The name of the tag, compared without regard to case and invisible characters. If no tag has this name, a tag is created.',
    example: 'VIP',
  })
  name: string;
}

export const ConversationTagsOutput = listOutput('ConversationTagsOutput', TagOutput);
export const BulkTagConversationInput = bulkInput('BulkTagConversationInput', TagConversationInput);
export const BulkTagConversationOutput = bulkOutput('BulkTagConversationOutput', 'Tag', {
  allOf: [{ $ref: getSchemaPath(TagOutput) }],
});
