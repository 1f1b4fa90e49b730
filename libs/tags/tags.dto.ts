import { dataOutput, listOutput } from '#libs/http/endpoint.js';
import { QueryFlag, Text } from '#libs/http/fields.js';
import { TagOutput } from './tag.shown.js';

export class CreateTagInput {
  @Text({
    description:
      'The name. A tag that has it already, in whatever case and with or without invisible characters, is answered unchanged.',
    example: 'VIP',
  })
  name: string;

  @Text({ description: 'A color for display, in any notation.', example: '#ff8800', max: 64, optional: true })
  color?: string;
}

export class ListTagsQuery {
  @QueryFlag({ description: 'false leaves inactive tags out.', example: true, default: true, optional: true })
  includeDeactivated?: boolean;
}

export const ListTagsOutput = listOutput('ListTagsOutput', TagOutput);
export const GetTagOutput = dataOutput('GetTagOutput', TagOutput);
export const CreateTagOutput = dataOutput('CreateTagOutput', TagOutput);
