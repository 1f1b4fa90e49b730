import {
  type BeforeApplicationShutdown,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { type Queue } from 'bullmq';
import { Checkpoint } from '#libs/event-store/checkpoint.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventFeed } from '#libs/event-store/event-feed.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { Cipher } from '#libs/platform/cipher.js';
import { WorkerDatabase } from '#libs/platform/database.js';
import { Jobs } from '#libs/platform/jobs.js';
import { WakeUp } from '#libs/platform/wake-up.js';
import { WebhookOptions } from '../options.js';
import { RELAY_CONSUMER } from '../redaction.js';
import { Sender } from './attempt.js';
import { Deliveries, type DrainTarget } from './deliveries.js';
import { disableSubscription } from './disable-subscription.js';
import { Drain, type DrainContext } from './drain.js';
import { FanoutPlanner, SUBSCRIBED_EVENTS } from './fanout.js';
import { Payloads } from './payloads.js';
import { Recoveries } from './recoveries.js';
import { Relay } from './relay.js';
import { Retention } from './retention.js';
import { SenderModule } from './sender.module.js';

/** A job in it says: this subscription may have something to send. */
export const DRAIN_QUEUE = 'webhook-drain';
/** Subscriptions that one process serves at the same time. */
const CONCURRENCY = 100;

/** Runs the way from the feed to the receivers: relay → delivery rows → drain jobs → signed POSTs. */
@Injectable()
class DeliveryEngine implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #running = new Set<Promise<boolean>>();
  #queue: Queue<DrainTarget>;
  #relay: Relay;
  #stopping = false;

  constructor(
    private readonly database: WorkerDatabase,
    private readonly store: EventStore,
    private readonly codec: EventCodec,
    private readonly cipher: Cipher,
    private readonly jobs: Jobs,
    private readonly wakeUp: WakeUp,
    private readonly sender: Sender,
    private readonly options: WebhookOptions,
  ) {}

  onApplicationBootstrap(): void {
    const deliveries = new Deliveries(this.database);
    const context: DrainContext = {
      deliveries,
      sender: this.sender,
      cipher: this.cipher,
      options: this.options,
      disable: (...args) => disableSubscription(this.store, ...args),
      stopping: () => this.#stopping,
    };
    this.#queue = this.jobs.queue<DrainTarget>(DRAIN_QUEUE);
    this.jobs.worker<DrainTarget>(DRAIN_QUEUE, CONCURRENCY, async ({ data }) => {
      if (await this.#drain(new Drain(data, context))) await this.#enqueue([data]);
    });
    this.#relay = this.#relayTo(deliveries);
    this.#relay.start();
  }

  /** Finishes the relay's page, and the attempts that are under way. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    await this.#relay.stop();
    await Promise.allSettled(this.#running);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.jobs.close();
  }

  #relayTo(deliveries: Deliveries): Relay {
    const { database, codec } = this;
    const planner = new FanoutPlanner(database, new Payloads(database, codec));
    return new Relay(
      database,
      new EventFeed(database, codec, SUBSCRIBED_EVENTS),
      new Checkpoint(database, RELAY_CONSUMER),
      planner,
      deliveries,
      new Recoveries(database, this.store, codec, planner),
      this.wakeUp,
      (targets) => this.#enqueue(targets),
    );
  }

  async #drain(drain: Drain): Promise<boolean> {
    const running = drain.run();
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  /** One job a subscription: a further one waits until the running one is over. */
  async #enqueue(targets: DrainTarget[]): Promise<void> {
    if (targets.length === 0) return;
    await this.#queue.addBulk(
      targets.map((data) => ({
        name: 'drain',
        data,
        opts: {
          deduplication: { id: data.subscriptionId, keepLastIfActive: true },
          removeOnComplete: true,
          removeOnFail: true,
        },
      })),
    );
  }
}

@Module({ imports: [SenderModule], providers: [DeliveryEngine, Retention] })
export class DeliveryModule {}
