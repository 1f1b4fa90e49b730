import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { type Tag } from './tag.rules.js';

/** A tag as the API shows it, also on conversations. */
@ApiSchema({ name: 'Tag' })
export class TagOutput implements Tag {
  @ApiProperty({ description: 'The tag id.', format: 'uuid', example: EXAMPLE_IDS.tag })
  id: string;

  @ApiProperty({ description: 'The name, unique in the organization without regard to case.', example: 'VIP' })
  name: string;

  @ApiPropertyOptional({ description: 'The color, as it was sent.', example: '#ff8800' })
  color?: string;

  @ApiProperty({
    description: 'Only an active tag can be put on conversations.',
    enum: ['Active', 'Inactive'],
    example: 'Active',
  })
  state: 'Active' | 'Inactive';
}

/** Returns a tag as the API shows it. */
export function shownTag({ id, name, color, state }: Tag): Tag {
  return { id, name, ...(color !== undefined && { color }), state };
}
