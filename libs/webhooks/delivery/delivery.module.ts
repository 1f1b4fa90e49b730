import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { type Queue } from 'bullmq';
import { Checkpoint } from '#libs/event-store/checkpoint.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventFeed } from '#libs/event-store/event-feed.js';
import { Cipher } from '#libs/platform/cipher.js';
import { WorkerDatabase } from '#libs/platform/database.js';
import { Jobs } from '#libs/platform/jobs.js';
import { WakeUp } from '#libs/platform/wake-up.js';
import { RELAY_CONSUMER } from '../redaction.js';
import { Sender } from './attempt.js';
import { Deliveries, type DrainTarget } from './deliveries.js';
import { Drain } from './drain.js';
import { FanoutPlanner, SUBSCRIBED_EVENTS } from './fanout.js';
import { Payloads } from './payloads.js';
import { Relay } from './relay.js';
import { SenderModule } from './sender.module.js';

/** A job in it says: this subscription may have something to send. */
export const DRAIN_QUEUE = 'webhook-drain';
/** Subscriptions that one process serves at the same time. */
const CONCURRENCY = 50;

/** Runs the way from the feed to the receivers: relay → delivery rows → drain jobs → signed POSTs. */
@Injectable()
class DeliveryEngine implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #logger = new Logger('Webhooks');
  #queue: Queue<DrainTarget>;
  #relay: Relay;
  #stopping = false;

  constructor(
    private readonly database: WorkerDatabase,
    private readonly codec: EventCodec,
    private readonly cipher: Cipher,
    private readonly jobs: Jobs,
    private readonly wakeUp: WakeUp,
    private readonly sender: Sender,
  ) {}

  onApplicationBootstrap(): void {
    const deliveries = new Deliveries(this.database);
    const drain = new Drain(deliveries, this.cipher, this.sender);
    this.#queue = this.jobs.queue<DrainTarget>(DRAIN_QUEUE);
    this.jobs.worker<DrainTarget>(DRAIN_QUEUE, CONCURRENCY, async ({ data }) => {
      if (await drain.run(data, () => this.#stopping)) await this.#enqueue([data]);
    });
    this.#relay = new Relay(
      this.database,
      new EventFeed(this.database, this.codec, SUBSCRIBED_EVENTS),
      new Checkpoint(this.database, RELAY_CONSUMER),
      new FanoutPlanner(this.database, new Payloads(this.database, this.codec)),
      deliveries,
      this.wakeUp,
      (targets) => this.#enqueue(targets),
    );
    this.#relay.start();
  }

  /** Finishes the relay's page, before anybody closes the queues that it fills. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    await this.#relay.stop();
  }

  /** Finishes the attempts of each drain. */
  async onApplicationShutdown(): Promise<void> {
    await this.jobs.close();
    this.#logger.debug('Deliveries have come to rest');
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

@Module({ imports: [SenderModule], providers: [DeliveryEngine] })
export class DeliveryModule {}
