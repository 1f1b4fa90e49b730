import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { dataOutput, listOutput } from '#libs/platform/http/endpoint.js';
import { QueryFlag, Text } from '#libs/platform/http/fields.js';
import { type Tag } from './tag.js';

@ApiSchema({ name: 'Tag' })
export class TagOutput implements Tag {
  @ApiProperty({ description: 'The tag id.', format: 'uuid', example: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a' })
  id: string;

  @ApiProperty({ description: 'The name, unique in the organization without regard to case.', example: 'VIP' })
  name: string;

  @ApiPropertyOptional({ description: 'The color, as it was given.', example: '#ff8800' })
  color?: string;

  @ApiProperty({
    description: 'Only an active tag can be put on conversations.',
    enum: ['Active', 'Inactive'],
    example: 'Active',
  })
  state: 'Active' | 'Inactive';
}

export class CreateTagInput {
  @Text({
    description: 'The name. A tag that has it already, in whatever case, is answered unchanged.',
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
