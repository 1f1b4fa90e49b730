import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty } from '@nestjs/swagger';
import { listOutput } from '#libs/http/endpoint.js';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '#libs/platform/channels.js';

export class ConversationFlow {
  @ApiProperty({
    description: 'The id, which does not change with the name.',
    format: 'uuid',
    example: EXAMPLE_IDS.flow,
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
