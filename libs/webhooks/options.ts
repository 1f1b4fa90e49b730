/** Settings of webhook deliveries in this installation: see the variables `WEBHOOK_…` in `.env.example`. */
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
