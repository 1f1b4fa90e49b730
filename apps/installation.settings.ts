import { IsOptional, Matches, MinLength } from 'class-validator';
import { Setting } from '#libs/platform/settings.js';
import { API_TOKEN_PATTERN } from '#libs/organizations/token-secret.js';

/** The variables of the data directory and the first start. */
export class InstallationSettings {
  @Setting('Holds the embedded PostgreSQL, its passwords, and the master key. Relative to the working directory.')
  @MinLength(1, { message: 'DESKSTREAM_DATA_DIR must not be empty' })
  DESKSTREAM_DATA_DIR = '.deskstream';

  @Setting(
    'The first API token of the demo organization: 32 to 128 letters, digits, `_` or `-`. Without it, a token is generated and printed. It is used only while that organization has no token.',
  )
  @IsOptional()
  @Matches(API_TOKEN_PATTERN, {
    message:
      'DESKSTREAM_BOOTSTRAP_TOKEN must have 32 to 128 letters, digits, "_" or "-" (openssl rand -hex 32 makes one)',
  })
  DESKSTREAM_BOOTSTRAP_TOKEN?: string;

  @Setting(
    'Encrypts secrets: 32 bytes in hex. Without it, the key is in `master.key` in the data directory, created at the first start.',
  )
  @IsOptional()
  @Matches(/^[0-9a-fA-F]{64}$/, {
    message: 'DESKSTREAM_MASTER_KEY must be 32 bytes in hex (openssl rand -hex 32 makes one)',
  })
  DESKSTREAM_MASTER_KEY?: string;

  @Setting(
    'The commit that was built: 7 to 40 hexadecimal digits. `/health` and the log show it. An image has it from the build argument of this name.',
  )
  @IsOptional()
  @Matches(/^[0-9a-f]{7,40}$/, { message: 'DESKSTREAM_COMMIT must be 7 to 40 hexadecimal digits' })
  DESKSTREAM_COMMIT?: string;
}
