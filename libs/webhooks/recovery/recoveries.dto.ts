import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { dataOutput, listOutput } from '#libs/http/endpoint.js';
import { Flag } from '#libs/http/fields.js';
import { Instant } from '#libs/http/instant-fields.js';

const SINCE = { description: 'Only events recorded at or after this instant.', example: '2026-03-13T00:00:00.000Z' };
const UNTIL = 'Only events recorded before this instant.';
const ONLY_MISSING = { description: 'Whether to leave out delivered events.', example: true };
const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };
const COUNT = { type: 'integer', format: 'int32' } as const;

export class RecoverWebhookInput {
  @Instant({ ...SINCE, description: `${SINCE.description} Must be before \`until\`.` })
  since: string;

  @Instant({
    description: `${UNTIL} Default: now. Must not be in the future.`,
    example: '2026-03-14T00:00:00.000Z',
    optional: true,
  })
  until?: string;

  @Flag({
    description: `${ONLY_MISSING.description} Default: \`true\`. If true, \`since\` must lie within the time for which deliveries are kept.`,
    example: false,
    optional: true,
  })
  onlyMissing?: boolean;
}

@ApiSchema({ name: 'WebhookRecovery' })
export class RecoveryOutput {
  @ApiProperty({ description: 'The recovery id.', format: 'uuid', example: EXAMPLE_IDS.recovery })
  id: string;

  @ApiProperty({ ...SINCE, format: 'date-time' })
  since: string;

  @ApiProperty({ description: UNTIL, ...INSTANT })
  until: string;

  @ApiProperty(ONLY_MISSING)
  onlyMissing: boolean;

  @ApiProperty({
    description: '`running` until all events have been examined. Deliveries may still be pending afterwards.',
    enum: ['running', 'finished'],
    example: 'running',
  })
  state: 'running' | 'finished';

  @ApiProperty({ description: 'The number of events that have been examined.', ...COUNT, example: 1042 })
  examined: number;

  @ApiProperty({ description: 'The number of events that are delivered (again).', ...COUNT, example: 17 })
  queued: number;

  @ApiProperty({ description: 'When the recovery was requested.', ...INSTANT })
  requestedAt: string;

  @ApiProperty({
    description: 'The agent who requested it.',
    format: 'uuid',
    example: EXAMPLE_IDS.agent,
  })
  requestedBy: string;

  @ApiPropertyOptional({ description: 'When the recovery finished. Absent while it is running.', ...INSTANT })
  finishedAt?: string;
}

export const RequestRecoveryOutput = dataOutput('RecoverWebhookOutput', RecoveryOutput);
export const GetRecoveryOutput = dataOutput('GetWebhookRecoveryOutput', RecoveryOutput);
export const ListRecoveriesOutput = listOutput('ListWebhookRecoveriesOutput', RecoveryOutput);
