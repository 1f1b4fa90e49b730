import { IsOptional, IsUrl, Matches, ValidateIf } from 'class-validator';
import { Setting } from '#libs/platform/settings.js';

/** The variables of the operator's own webhook. */
export class OperatorSettings {
  @Setting(
    'The URL that gets alerts about all organizations. It may be inside your network. See [Alerts by webhook](#alerts-by-webhook).',
  )
  @IsOptional()
  @IsUrl(
    { protocols: ['http', 'https'], require_protocol: true, require_tld: false, disallow_auth: true },
    { message: 'OPERATOR_WEBHOOK_URL must be a URL such as https://alerts.example/deskstream, without credentials' },
  )
  OPERATOR_WEBHOOK_URL?: string;

  @Setting('Signs these alerts: 32 bytes in hex. Required with `OPERATOR_WEBHOOK_URL`.')
  @ValidateIf((all: OperatorSettings) => (all.OPERATOR_WEBHOOK_URL ?? all.OPERATOR_WEBHOOK_SECRET) !== undefined)
  @Matches(/^[0-9a-f]{64}$/i, {
    message: 'OPERATOR_WEBHOOK_SECRET must be 32 bytes in hex; make them with: openssl rand -hex 32',
  })
  OPERATOR_WEBHOOK_SECRET?: string;
}

/** Where alerts of the installation go. `apps/config.ts` derives it from {@link OperatorSettings}. */
export abstract class OperatorWebhook {
  /** Absent: there are no alerts. */
  abstract readonly receiver?: { url: string; secretKey: string };
}
