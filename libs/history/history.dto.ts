import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { OPAQUE } from '#libs/http/opaque-event.js';
import { pageOutput } from '#libs/http/endpoint.js';

@ApiSchema({ name: 'HistoryActor' })
class ActorOutput {
  @ApiProperty({
    description: 'The agent on whose behalf the change was made, or the organization itself.',
    format: 'uuid',
    example: EXAMPLE_IDS.agent,
  })
  id: string;

  @ApiPropertyOptional({
    description: 'The current name of the agent. Absent if the agent does not exist.',
    example: 'Bob Stone',
  })
  name?: string;
}

@ApiSchema({ name: 'HistoryToken' })
class TokenOutput {
  @ApiProperty({ description: 'The token id.', format: 'uuid', example: EXAMPLE_IDS.token })
  id: string;

  @ApiPropertyOptional({ description: 'The name of the token.', example: 'CRM integration' })
  name?: string;
}

@ApiSchema({ name: 'HistoryEvent' })
export class HistoryEventOutput {
  @ApiProperty({
    description: 'The event id, which receivers see as `webhook-id`.',
    format: 'uuid',
    example: EXAMPLE_IDS.event,
  })
  id: string;

  @ApiProperty({ description: 'The type of the event.', example: 'TagCreated' })
  type: string;

  @ApiProperty({
    description: 'The version: the position of the event in its stream.',
    type: 'integer',
    format: 'int32',
    example: 1,
  })
  version: number;

  @ApiProperty({
    description: 'When the event was recorded.',
    format: 'date-time',
    example: '2026-03-14T09:26:53.589Z',
  })
  recordedAt: string;

  @ApiProperty({ description: 'Who made the change.', type: ActorOutput })
  actor: ActorOutput;

  @ApiPropertyOptional({
    description: 'The API token. Absent if Deskstream made the change itself.',
    type: TokenOutput,
  })
  token?: TokenOutput;

  @ApiPropertyOptional({
    description: 'The id of the request, as in X-Request-Id.',
    example: EXAMPLE_IDS.request,
  })
  requestId?: string;

  @ApiProperty({
    description: 'The facts of the event, in the current shape of its type. Secrets are `***`.',
    type: 'object',
    additionalProperties: true,
    example: { id: EXAMPLE_IDS.tag, name: 'VIP' },
  })
  data: Record<string, unknown>;

  @ApiPropertyOptional({
    description: 'True if personal facts have been removed for good, else absent.',
    type: Boolean,
    example: true,
  })
  redacted?: true;

  @ApiPropertyOptional(OPAQUE)
  opaque?: true;
}

export const HistoryOutput = pageOutput('HistoryOutput', HistoryEventOutput);
