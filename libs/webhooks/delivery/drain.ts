import { Logger } from '@nestjs/common';
import { type Cipher } from '#libs/platform/cipher.js';
import { openSecrets, type SubscriptionRow } from '../subscription.projection.js';
import { type Sender } from './attempt.js';
import { pauseAfter } from './backoff.js';
import { type ClaimedDelivery, type Deliveries, type DrainTarget } from './deliveries.js';
import { deliveryRequest } from './signing.js';

/** Attempts of one subscription that run side by side. */
const PARALLEL = 10;
/** How long one job may go on, so that no subscription keeps a slot for itself. */
const SLICE_MS = 10_000;

/** Sends what is due for one subscription: the work of a drain job. */
export class Drain {
  readonly #logger = new Logger('Webhooks');

  constructor(
    private readonly deliveries: Deliveries,
    private readonly cipher: Cipher,
    private readonly sender: Sender,
  ) {}

  /** True when the slice is over and more is due. */
  async run(target: DrainTarget, stopping: () => boolean = () => false): Promise<boolean> {
    const sliceEnd = performance.now() + SLICE_MS;
    while (!stopping()) {
      if (performance.now() > sliceEnd) return true;
      const receiver = await this.deliveries.receiver(target);
      if (!receiver) return false;
      const claimed = await this.deliveries.claim(target, PARALLEL);
      await Promise.all(claimed.map((delivery) => this.#deliver(delivery, receiver)));
      if (claimed.length < PARALLEL) return false;
    }
    return true;
  }

  async #deliver(delivery: ClaimedDelivery, receiver: SubscriptionRow): Promise<void> {
    const { event_id: eventId, subscription_id: subscriptionId, body } = delivery;
    const secrets = openSecrets(this.cipher, receiver);
    const request = deliveryRequest({ url: receiver.url, subscriptionId, secrets }, { eventId, body }, new Date());
    const result = await this.sender.send(request);
    const pause = result.outcome === 'delivered' ? undefined : pauseAfter(delivery.attempts);
    await this.deliveries.record(delivery, result, pause);
    this.#logger.log({
      msg: 'webhook attempt',
      organizationId: delivery.organization_id,
      subscriptionId,
      deliveryId: delivery.id,
      eventId,
      event: delivery.event_name,
      attempt: delivery.attempts,
      outcome: result.outcome,
      responseCode: result.responseCode,
      durationMs: result.durationMs,
      nextInMs: pause,
    });
  }
}
