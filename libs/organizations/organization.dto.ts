import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { dataOutput } from '#libs/http/endpoint.js';

export class OrganizationDetails {
  @ApiProperty({
    description: 'The organization id.',
    format: 'uuid',
    example: EXAMPLE_IDS.organization,
  })
  id: string;

  @ApiProperty({ description: 'The name.', example: 'Example Ltd' })
  name: string;

  @ApiProperty({
    description:
      'The name in a form that could be part of an address. It is not an address, and it need not be unique.',
    example: 'example-ltd',
  })
  subdomain: string;

  @ApiProperty({
    description: 'Whether the organization is served. Always true.',
    enum: ['Active', 'Suspended'],
    example: 'Active',
  })
  status: 'Active';

  @ApiPropertyOptional({
    description: 'A picture. Always absent: none are stored.',
    format: 'uri',
    example: 'https://example.com/logo.png',
  })
  avatarUrl?: string;
}

export const GetOrganizationOutput = dataOutput('GetOrganizationOutput', OrganizationDetails);
