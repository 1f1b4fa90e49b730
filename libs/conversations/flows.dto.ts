import { ApiProperty } from '@nestjs/swagger';
import { listOutput } from '#libs/http/endpoint.js';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '#libs/platform/channels.js';

export class ConversationFlow {
  @ApiProperty({
    description: 'The id, which does not change with the name.',
    format: 'uuid',
    example: '01980f77-1b2c-7d3e-8f40-516273849506',
  })
  id: string;

  @ApiProperty({ description: 'The name of the contact endpoint, or its address or number.', example: 'Support' })
  name: string;

  @ApiProperty({ description: 'The channel.', enum: CONVERSATION_CHANNELS, example: 'Email' })
  channel: ConversationChannel;

  @ApiProperty({ description: 'The address or number of the contact endpoint.', example: 'support@acme.example' })
  contactEndpointId: string;
}

export const ListFlowsOutput = listOutput('ListFlowsOutput', ConversationFlow);
