import {
  type BeforeApplicationShutdown,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Jobs } from '#libs/background/jobs.js';
import { WorkerDatabase } from '#libs/database/database.js';
import { Notifications } from '#libs/database/notifications.js';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventFeed } from '#libs/event-store/event-feed.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { Cipher } from '#libs/platform/cipher.js';
import { WebhookOptions } from '../webhooks.settings.js';
import { AttemptPlaces } from './draining/attempt-places.js';
import { DeliveryRows } from './draining/delivery-rows.js';
import { disableSubscription } from './draining/disable-subscription.js';
import { DrainClaims } from './draining/drain-claims.js';
import { DrainScheduler } from './draining/drain-scheduler.js';
import { RunningDrains } from './draining/running-drains.js';
import { OperatorAlerts } from './operator-alerts.js';
import { RecoveryWorker } from './recovery-worker.js';
import { FanoutPlanner, SUBSCRIBED_EVENTS } from './relaying/fanout.js';
import { Payloads } from './relaying/payloads.js';
import { RelayWatch } from './relaying/relay-watch.js';
import { Relay } from './relaying/relay.js';
import { Retention } from './retention.js';
import { ReviewWorker } from './review-worker.js';
import { Sender } from './sending/attempt.js';
import { SenderModule } from './sending/sender.module.js';

/** Runs the path from the feed to the receivers: relay → delivery rows → claims → signed POSTs. */
@Injectable()
class DeliveryEngine implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  #running: RunningDrains;
  #drains: DrainScheduler;
  #relay: Relay;
  #stopping = false;

  constructor(
    private readonly database: WorkerDatabase,
    private readonly checkpoints: Checkpoints,
    private readonly store: EventStore,
    private readonly codec: EventCodec,
    private readonly cipher: Cipher,
    private readonly jobs: Jobs,
    private readonly notifications: Notifications,
    private readonly sender: Sender,
    private readonly options: WebhookOptions,
    private readonly alerts: OperatorAlerts,
  ) {}

  onApplicationBootstrap(): void {
    const deliveries = new DeliveryRows(this.database);
    this.#running = new RunningDrains({
      holder: this.checkpoints.holder,
      deliveries,
      sender: this.sender,
      places: new AttemptPlaces(),
      cipher: this.cipher,
      options: this.options,
      alerts: this.alerts,
      disable: (...args) => disableSubscription(this.store, ...args),
      stopping: () => this.#stopping,
    });
    this.#drains = new DrainScheduler(
      new DrainClaims(this.database),
      this.#running,
      this.checkpoints.holder,
      this.jobs,
    );
    this.#relay = this.#relayTo(deliveries);
    this.#relay.start();
  }

  /** Finishes the relay's page before the queues that it fills are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    await this.#relay.stop();
    await this.#drains.stop();
  }

  /** Finishes the attempts that are under way. No requests are accepted by then. */
  async onApplicationShutdown(): Promise<void> {
    await this.#running.ended();
    await this.jobs.close();
  }

  #relayTo(deliveries: DeliveryRows): Relay {
    const { database, codec } = this;
    const planner = new FanoutPlanner(database, new Payloads(database, codec));
    return new Relay(
      database,
      new EventFeed(database, codec, SUBSCRIBED_EVENTS),
      this.checkpoints,
      planner,
      deliveries,
      this.#drains,
      new RecoveryWorker(database, this.store, codec, planner),
      new ReviewWorker(database, codec, planner),
      this.notifications,
    );
  }
}

@Module({ imports: [SenderModule], providers: [DeliveryEngine, OperatorAlerts, RelayWatch, Retention] })
export class DeliveryModule {}
