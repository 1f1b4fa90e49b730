import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { dataOutput, listOutput } from '#libs/http/endpoint.js';
import { unionSchema, Variant } from '#libs/http/nested-fields.js';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '#libs/platform/channels.js';

const INT32 = { type: 'integer', format: 'int32' } as const;

class GenericChannel {
  @Variant('GenericChannel', 'A channel of conversations.')
  _type: 'GenericChannel';

  @ApiProperty({ description: 'The channel.', enum: CONVERSATION_CHANNELS, example: 'Email' })
  genericChannelName: ConversationChannel;

  @ApiProperty({
    description: 'Whether a member is online, working, and active on the channel.',
    enum: ['Available', 'NotAvailable'],
    example: 'Available',
  })
  availability: 'Available' | 'NotAvailable';

  @ApiPropertyOptional({ description: 'The number of waiting conversations.', ...INT32, example: 3 })
  queueSize: number;
}

class UnexpectedError {
  @Variant('UnexpectedError', 'Something failed.')
  _type: 'UnexpectedError';

  @ApiProperty({ description: 'The channel.', example: 'Email' })
  channel: string;

  @ApiProperty({ description: 'The message, for people.', example: 'The channel could not be read' })
  message: string;
}

@ApiExtraModels(GenericChannel)
class Success {
  @Variant('Success', 'The state of the channel is known.')
  _type: 'Success';

  @ApiProperty({ description: 'The state of the channel.', ...unionSchema({ GenericChannel }) })
  channelAvailability: GenericChannel;
}

@ApiExtraModels(UnexpectedError)
class Failure {
  @Variant(
    'Failure',
    'The state of the channel is not known. Deskstream never returns this: it knows all channels, or none.',
  )
  _type: 'Failure';

  @ApiProperty({ description: 'The reason.', ...unionSchema({ UnexpectedError }) })
  error: UnexpectedError;
}

const AVAILABILITY = { Success, Failure };
export type ChannelAvailability = Success;

@ApiExtraModels(Success, Failure)
export class QueueAvailabilityOutput extends listOutput('', Object) {
  @ApiPropertyOptional({
    description: 'The channels that members currently work on or that conversations wait in, by name.',
    type: 'array',
    items: unionSchema(AVAILABILITY),
  })
  override data: ChannelAvailability[];
}

export class QueuedConversation {
  @ApiPropertyOptional({
    description: 'The position in the queue. The conversation at position 1 has waited longest.',
    ...INT32,
    example: 1,
  })
  position: number;

  @ApiProperty({
    description: 'Since when the conversation waits in its queue.',
    format: 'date-time',
    example: '2026-03-14T09:26:53.589Z',
  })
  queuedAt: string;
}

export const GetQueuedConversationPositionOutput = dataOutput(
  'GetQueuedConversationPositionOutput',
  QueuedConversation,
);
