/** How webhooks are delivered in this installation: see the variables `WEBHOOK_…` in `.env.example`. */
export abstract class WebhookOptions {
  /** For an attempt as a whole. */
  abstract readonly timeoutMs: number;
  /** Milliseconds between attempts; one attempt more than there are pauses. */
  abstract readonly retrySchedule: readonly number[];
  /** CIDR ranges that deliveries may go to although they are not public. */
  abstract readonly allowedNetworks: readonly string[];
  /** Ports of public receivers. */
  abstract readonly allowedPorts: readonly number[];
  /** Asked for receivers' addresses; the system's own unless given: `192.0.2.53` or `192.0.2.53:5353`. */
  abstract readonly dnsServers: readonly string[];
  /** For how long payloads and attempts are kept. */
  abstract readonly retentionDays: number;
  /** For how long it is kept that a delivery was made. */
  abstract readonly deliveryRetentionDays: number;
}
