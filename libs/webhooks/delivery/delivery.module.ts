import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventFeed } from '#libs/event-store/event-feed.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { Cipher } from '#libs/platform/cipher.js';
import { WorkerDatabase } from '#libs/platform/database.js';
import { type JobQueue, type JobsToAdd } from '#libs/platform/job-queue.js';
import { Jobs } from '#libs/platform/jobs.js';
import { WakeUp } from '#libs/platform/wake-up.js';
import { WebhookOptions } from '../options.js';
import { RELAY_CONSUMER } from '../redaction.js';
import { Sender } from './attempt.js';
import { AttemptPlaces } from './attempt-places.js';
import { Deliveries } from './deliveries.js';
import { type DrainTarget } from './exchange.js';
import { disableSubscription } from './disable-subscription.js';
import { FanoutPlanner, SUBSCRIBED_EVENTS } from './fanout.js';
import { Lanes } from './lanes.js';
import { Payloads } from './payloads.js';
import { Recoveries } from './recoveries.js';
import { Relay } from './relay.js';
import { Reviews } from './reviews.js';
import { Retention } from './retention.js';
import { SenderModule } from './sender.module.js';

/** A job in it says: these subscriptions may have something to send. */
export const DRAIN_QUEUE = 'webhook-drain';
/** Jobs that one process takes at the same time; each is over once its drains have begun. */
const CONCURRENCY = 5;
/** Subscriptions that one job is for; a job costs more than what a drain does. */
const TARGETS = 25;

/** Runs the way from the feed to the receivers: relay → delivery rows → drain jobs → signed POSTs. */
@Injectable()
class DeliveryEngine implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #logger = new Logger('Webhooks');
  /** What this process is known by to those that share its work. */
  readonly #holder = randomUUID();
  #queue: JobQueue<DrainTarget[]>;
  #lanes: Lanes;
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
    this.#lanes = new Lanes({
      holder: this.#holder,
      deliveries,
      sender: this.sender,
      places: new AttemptPlaces(),
      cipher: this.cipher,
      options: this.options,
      disable: (...args) => disableSubscription(this.store, ...args),
      stopping: () => this.#stopping,
    });
    this.#queue = this.jobs.queue<DrainTarget[]>(DRAIN_QUEUE);
    this.jobs.worker<DrainTarget[]>(DRAIN_QUEUE, CONCURRENCY, ({ data }) => {
      for (const target of data) this.#begin(target);
      return Promise.resolve();
    });
    this.#relay = this.#relayTo(deliveries);
    this.#relay.start();
  }

  /** Finishes the relay's page, before anybody closes the queues that it fills. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    await this.#relay.stop();
  }

  /** Finishes the attempts that are under way; requests are taken no more by then. */
  async onApplicationShutdown(): Promise<void> {
    await this.#lanes.ended();
    await this.jobs.close();
  }

  #relayTo(deliveries: Deliveries): Relay {
    const { database, codec } = this;
    const planner = new FanoutPlanner(database, new Payloads(database, codec));
    return new Relay(
      database,
      new EventFeed(database, codec, SUBSCRIBED_EVENTS),
      new Checkpoints(database, RELAY_CONSUMER, this.#holder),
      planner,
      deliveries,
      new Recoveries(database, this.store, codec, planner),
      new Reviews(database, codec, planner),
      this.wakeUp,
      // Whether jobs can be added, their queue tells; what was not added, the reconciler finds.
      (targets) => this.#enqueue(targets).catch(() => undefined),
    );
  }

  /** A drain outlasts its job. What is lost together with the process, the reconciler finds. */
  #begin(target: DrainTarget): void {
    this.#drain(target).catch((error: unknown) => {
      this.#logger.warn({ err: error as Error, ...target }, 'A subscription could not be drained; it is tried again');
    });
  }

  /** A subscription that has made room for others comes again after them. */
  async #drain(target: DrainTarget): Promise<void> {
    if (await this.#lanes.drain(target)) await this.#enqueue([target]);
  }

  /** What this process is draining hears of it at once; for the rest there are jobs. */
  async #enqueue(targets: DrainTarget[]): Promise<void> {
    const others = targets.filter((target) => !this.#lanes.nudge(target));
    const jobs: JobsToAdd<DrainTarget[]> = [];
    for (let first = 0; first < others.length; first += TARGETS) {
      const data = others.slice(first, first + TARGETS);
      jobs.push({ name: 'drain', data, opts: { removeOnComplete: true, removeOnFail: true } });
    }
    if (jobs.length > 0) await this.#queue.addBulk(jobs);
  }
}

@Module({ imports: [SenderModule], providers: [DeliveryEngine, Retention] })
export class DeliveryModule {}
