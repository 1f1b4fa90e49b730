import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { OperatorWebhook } from '../operator.settings.js';
import { WebhookOptions } from '../webhooks.settings.js';
import { pauseAfter } from './draining/retry-schedule.js';
import { Sender } from './sending/attempt.js';
import { deliveryRequest } from './sending/signing.js';
import { SsrfGuard } from './sending/ssrf-guard.js';

/** The types of alerts. */
export type AlertType = 'subscription.failing' | 'subscription.disabled' | 'delivery.exhausted' | 'relay.behind';

/** The facts of an alert. */
export interface AlertData {
  organizationId?: string;
  subscriptionId?: string;
  [fact: string]: unknown;
}

/** Time in which a type of alert is sent once for a subscription. */
const HOUR_MS = 3_600_000;
/** Time after which an alert is not sent again. */
const GIVE_UP_MS = HOUR_MS;
/** Maximum number of alerts that are being sent or wait for their next attempt. Further ones are counted. */
const MOST_UNDER_WAY = 100;
/** Maximum number of remembered pairs of a subscription and a type. */
const MOST_REMEMBERED = 10_000;
/** The operator chooses this receiver, so it may be anywhere. */
const EVERYWHERE = ['0.0.0.0/0', '::/0'];

/** Sends alerts of all organizations to the operator's webhook. They are not stored, and no caller waits for them. */
@Injectable()
export class OperatorAlerts implements OnApplicationShutdown {
  readonly #logger = new Logger('Operator alerts');
  readonly #sender: Sender;
  readonly #sent = new LRUCache<string, true>({ max: MOST_REMEMBERED });
  readonly #stop = new AbortController();
  #underWay = 0;
  #omitted = 0;

  constructor(
    private readonly operator: OperatorWebhook,
    private readonly options: WebhookOptions,
  ) {
    const anywhere: WebhookOptions = Object.assign({}, options, { allowedNetworks: EVERYWHERE });
    this.#sender = new Sender(new SsrfGuard(anywhere), anywhere);
  }

  /** Whether alerts are configured. */
  get areWanted(): boolean {
    return this.operator.receiver !== undefined;
  }

  /** Sends an alert in the background, unless the same one was sent within the hour. Does not throw. */
  raise(type: AlertType, data: AlertData): void {
    if (!this.areWanted || this.#stop.signal.aborted) return;
    const now = new Date();
    // All workers give it the same id, so that the receiver can tell repetitions.
    const id = [type, data.subscriptionId ?? 'installation', Math.floor(now.getTime() / HOUR_MS)].join('_');
    if (this.#sent.has(id)) return;
    if (this.#underWay >= MOST_UNDER_WAY) {
      this.#omitted++;
      return;
    }
    this.#sent.set(id, true);
    const body = JSON.stringify({ id, type, occurredAt: now.toISOString(), omitted: this.#omitted, data });
    this.#omitted = 0;
    this.#underWay++;
    void this.#deliver(id, body).finally(() => this.#underWay--);
  }

  onApplicationShutdown(): void {
    this.#stop.abort();
    this.#sender.onApplicationShutdown();
  }

  async #deliver(id: string, body: string): Promise<void> {
    const since = performance.now();
    for (let attempts = 1; !this.#stop.signal.aborted; attempts++) {
      const { outcome, responseCode } = await this.#attempt(id, body);
      if (outcome === 'delivered') return;
      const pauseMs = pauseAfter(this.options.retrySchedule, attempts);
      if (pauseMs === undefined || performance.now() + pauseMs > since + GIVE_UP_MS) {
        this.#logger.warn({ msg: 'An alert could not be sent to OPERATOR_WEBHOOK_URL', id, outcome, responseCode });
        return;
      }
      await pause(pauseMs, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
    }
  }

  #attempt(eventId: string, body: string) {
    const { url, secretKey } = this.operator.receiver as NonNullable<OperatorWebhook['receiver']>;
    const secrets = { authorization: { _type: 'NoAuth' as const }, customHeaders: {}, secretKey, previousSecrets: [] };
    const receiver = { url, subscriptionId: 'operator', secrets };
    return this.#sender.send(deliveryRequest(receiver, { eventId, body }, new Date()));
  }
}
