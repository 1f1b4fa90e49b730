import { isIP } from 'node:net';
import { IsNumber, IsOptional, IsPort, Max, Min } from 'class-validator';
import ipaddr from 'ipaddr.js';
import { AsList, AsNumbers, Decimal, Each, Setting, Whole } from '#libs/platform/settings.js';

/** An address with an optional port: `192.0.2.53:5353`, `[2001:db8::53]:5353`. */
const isDnsServer = (text: string) => isIP(text) > 0 || isIP(/^\[?(.+?)\]?(:\d{1,5})?$/.exec(text)?.[1] ?? '') > 0;

/** The variables of webhook deliveries. */
export class WebhookSettings {
  @Setting('Timeout of a whole attempt, including the DNS lookup and the connection, 0.1 to 60.')
  @Decimal(0.1, 60)
  WEBHOOK_TIMEOUT_SECONDS = 15;

  @Setting('Pauses between attempts in seconds, 0.01 to 604800 each. There is one attempt more than there are pauses.')
  @AsNumbers
  @IsNumber({}, { each: true, message: 'WEBHOOK_RETRY_SCHEDULE must be seconds such as 5,300,1800' })
  @Min(0.01, { each: true, message: 'WEBHOOK_RETRY_SCHEDULE must be pauses of 0.01 to 604800 seconds' })
  @Max(604_800, { each: true, message: 'WEBHOOK_RETRY_SCHEDULE must be pauses of 0.01 to 604800 seconds' })
  WEBHOOK_RETRY_SCHEDULE = [5, 300, 1800, 7200, 18_000, 36_000, 36_000];

  @Setting(
    'Networks that receivers may be in although they are not public, on any port: `10.0.0.0/8,fd00::/8`, or `none`. Default: the loopback addresses with the embedded PostgreSQL, none with `DATABASE_URL`.',
  )
  @IsOptional()
  @AsList
  @Each('cidr', (item) => ipaddr.isValidCIDR(item), 'WEBHOOK_ALLOWED_NETWORKS must be networks such as 10.0.0.0/8')
  WEBHOOK_ALLOWED_NETWORKS?: string[];

  @Setting('Ports that public receivers may use.')
  @AsList
  @IsPort({ each: true, message: 'WEBHOOK_ALLOWED_PORTS must be ports such as 80,443' })
  WEBHOOK_ALLOWED_PORTS = ['80', '443', '8080', '8443'];

  @Setting(
    "DNS servers that resolve receivers' names: `192.0.2.53` or `192.0.2.53:5353`, comma-separated. Default: those of the system.",
  )
  @AsList
  @Each('dns', isDnsServer, 'WEBHOOK_DNS_SERVERS must be addresses')
  WEBHOOK_DNS_SERVERS: string[] = [];

  @Setting("How long payloads, attempts and receivers' responses are kept, 1 to 3650.")
  @Whole(1, 3650)
  WEBHOOK_RETENTION_DAYS = 30;

  @Setting('How long the record that a delivery was made is kept, 1 to 3650.')
  @Whole(1, 3650)
  WEBHOOK_DELIVERY_RETENTION_DAYS = 365;
}

/** The settings of webhook deliveries, which `apps/config.ts` derives from the variables. */
export abstract class WebhookOptions {
  /** Maximum time of an attempt. */
  abstract readonly timeoutMs: number;
  /** Milliseconds between attempts, of which there is one more than pauses. */
  abstract readonly retrySchedule: readonly number[];
  /** CIDR ranges that deliveries may go to although they are not public. */
  abstract readonly allowedNetworks: readonly string[];
  /** Ports of public receivers. */
  abstract readonly allowedPorts: readonly number[];
  /** Name servers for receivers' addresses; the system's own unless given: `192.0.2.53` or `192.0.2.53:5353`. */
  abstract readonly dnsServers: readonly string[];
  /** Days for which payloads and attempts are kept. */
  abstract readonly retentionDays: number;
  /** Days for which ended deliveries are kept. */
  abstract readonly deliveryRetentionDays: number;
}
