import { dataOutput, listOutput } from '#libs/http/endpoint.js';
import { QueryFlag, Text } from '#libs/http/fields.js';
import { TagOutput } from './tag.shown.js';

export class CreateTagInput {
  @Text({
    description:
      'The name. If a tag has this name already, compared without regard to case and invisible characters, that tag is returned unchanged.',
    example: 'VIP',
  })
  name: string;

  @Text({ description: 'A display color in any notation.', example: '#ff8800', max: 64, optional: true })
  color?: string;
}

export class ListTagsQuery {
  @QueryFlag({ description: '`false` leaves out inactive tags.', example: true, default: true, optional: true })
  includeDeactivated?: boolean;
}

export const ListTagsOutput = listOutput('ListTagsOutput', TagOutput);
export const GetTagOutput = dataOutput('GetTagOutput', TagOutput);
export const CreateTagOutput = dataOutput('CreateTagOutput', TagOutput);
