import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { dataOutput } from '#libs/http/endpoint.js';

export class OrganizationDetails {
  @ApiProperty({
    description: 'The organization id.',
    format: 'uuid',
    example: '01980f5b-60f0-7a91-95d3-8fb0c1d2e3f4',
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
