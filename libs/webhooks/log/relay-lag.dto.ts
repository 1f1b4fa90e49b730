import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { dataOutput } from '#libs/http/endpoint.js';

/** Maximum number of events that are counted. */
export const MOST_COUNTED = 1_000;

export class RelayLag {
  @ApiProperty({
    description: `The number of events that have not become deliveries yet, also of those that no subscription wants. Up to ${MOST_COUNTED} are counted.`,
    type: 'integer',
    format: 'int32',
    maximum: MOST_COUNTED,
    example: 3,
  })
  events: number;

  @ApiPropertyOptional({
    description: 'When the oldest of them was recorded. Absent if there are none.',
    format: 'date-time',
    example: '2026-03-14T09:26:53.589Z',
  })
  oldestRecordedAt?: string;
}

export const GetRelayLagOutput = dataOutput('GetWebhookRelayLagOutput', RelayLag);
