import { IsBoolean, IsOptional, Matches } from 'class-validator';
import { API_TOKEN_PATTERN } from '#libs/organizations/token-secret.js';
import { AsBoolean, Setting, Whole } from '#libs/platform/settings.js';

/** The variables of the operators' board of BullMQ's jobs. */
export class JobsBoardSettings {
  @Setting(
    'The password of the jobs board: 32 to 128 letters, digits, `_` or `-`. Without it, there is no board. See [The jobs board](#the-jobs-board).',
  )
  @IsOptional()
  @Matches(API_TOKEN_PATTERN, {
    message: 'JOBS_BOARD_TOKEN must have 32 to 128 letters, digits, "_" or "-" (openssl rand -hex 32 makes one)',
  })
  JOBS_BOARD_TOKEN?: string;

  @Setting(
    'The port on `HOST` where each process that delivers webhooks serves the jobs board. `0` picks any free port.',
  )
  @Whole(0, 65_535)
  JOBS_BOARD_PORT = 3002;

  @Setting('Whether the jobs board can also change, add and remove jobs: `true` or `false`.')
  @AsBoolean
  @IsBoolean({ message: 'JOBS_BOARD_WRITABLE must be true or false' })
  JOBS_BOARD_WRITABLE = false;
}
