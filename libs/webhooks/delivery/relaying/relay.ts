import { Logger } from '@nestjs/common';
import { type Database } from '#libs/database/database.js';
import { type Notifications } from '#libs/database/notifications.js';
import { type Checkpoints, isFenced, type Leadership } from '#libs/event-store/checkpoint.js';
import { type EventFeed, type FeedPage } from '#libs/event-store/event-feed.js';
import { partitionOf } from '#libs/event-store/partitions.js';
import { type DeliveryRows } from '../draining/delivery-rows.js';
import { type DrainScheduler } from '../draining/drain-scheduler.js';
import { type DrainTarget } from '../draining/drain-statements.js';
import { type InPartition } from '../paged-work.js';
import { type RecoveryWorker } from '../recovery-worker.js';
import { type ReviewWorker } from '../review-worker.js';
import { enroll, type Fanout, storeFanouts } from './fanout-rows.js';
import { type Candidates, type FanoutPlanner, firstOf } from './fanout.js';
import { PartitionScheduler } from './partition-scheduler.js';
import { watchLed } from './relay-metrics.js';

/** Maximum number of events in a page, of all its partitions together. */
const PAGE = 500;
/** Maximum deliveries of one page and transaction; the last event of each partition may exceed it. */
const DELIVERIES = 2_000;
/** Pause between lease renewals, which notice processes that come or go; well within the lease. */
const RENEW_MS = 700;
/** Pause between polls for events whose announcement was lost, and for due retries. */
const POLL_MS = 1_000;
/** Pause between checks for new subscribers among other organizations. */
const MEET_MS = 100;
/** Pause after a failure, which is mostly an unavailable database. */
const FAILURE_PAUSE_MS = 500;
/** Pause between cancellations of deliveries to deleted subscriptions. */
const CANCEL_MS = 10_000;

/**
 * Turns events into delivery rows, exactly once each: rows and checkpoint are one transaction. Each partition has one
 * leader; processes share the partitions. A page takes an equal part of all partitions of a process that have new
 * events, so that many events in one do not delay the others. The leader also searches due rows without a job: retries,
 * and rows that a lost queue contained. It processes recoveries and reviews, too, so that an organization's deliveries
 * have one writer.
 */
export class Relay {
  readonly #logger = new Logger('Relay');
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  readonly #scheduler: PartitionScheduler;
  /** Organizations known to have subscriptions: events of others do not wake the relay. */
  #subscribers = new Set<string>();
  /** Organizations with new events that may have subscribed since the last poll. */
  readonly #strangers = new Set<string>();
  #renewedAt = -RENEW_MS;
  #polledAt = -POLL_MS;
  #metAt = -MEET_MS;
  #cancelledAt = 0;

  constructor(
    private readonly database: Database,
    private readonly feed: EventFeed,
    private readonly checkpoints: Checkpoints,
    private readonly planner: FanoutPlanner,
    private readonly deliveries: DeliveryRows,
    private readonly drains: DrainScheduler,
    private readonly recoveries: RecoveryWorker,
    private readonly reviews: ReviewWorker,
    private readonly notifications: Notifications,
  ) {
    this.#scheduler = new PartitionScheduler(
      checkpoints,
      (leaderships) => this.#page(leaderships),
      (error) => {
        this.#tell(error);
      },
    );
  }

  start(): void {
    this.notifications.listen((organizationIds) => {
      const [known, strangers] = [
        organizationIds?.filter((id) => this.#subscribers.has(id)),
        organizationIds?.filter((id) => !this.#subscribers.has(id) && this.#leads(id)),
      ];
      this.#scheduler.add(known?.map(partitionOf) ?? this.checkpoints.held);
      for (const id of strangers ?? []) this.#strangers.add(id);
      this.#scheduler.begin();
    });
    watchLed(() => this.checkpoints.held);
    this.#running = this.#run();
  }

  /** Finishes the current pages and hands the partitions over. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.notifications.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    await this.notifications.showAlive(this.checkpoints.holder);
    while (!this.#stopping) {
      try {
        await this.#lead();
        this.#scheduler.begin();
        await this.#poll();
        await this.#meet();
        this.#scheduler.begin();
        const busy = await this.#pageOfTasks();
        if (!busy) await this.notifications.wait(this.#restMs());
      } catch (error) {
        this.#tell(error);
        await this.notifications.wait(FAILURE_PAUSE_MS);
      }
    }
    await this.#scheduler.stop();
    await this.checkpoints.resign().catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'The leases could not be released; they expire');
    });
  }

  /** Returns the time until work that is not announced. */
  #restMs(): number {
    const untilRenewal = this.#renewedAt + RENEW_MS - performance.now();
    return Math.max(0, Math.min(untilRenewal, this.#strangers.size > 0 ? MEET_MS : RENEW_MS));
  }

  /** Renews the leases in time, and gives surplus ones back. */
  async #lead(): Promise<void> {
    if (performance.now() - this.#renewedAt < RENEW_MS) return;
    this.#renewedAt = performance.now();
    const before = new Set(this.checkpoints.held);
    const surplus = await this.checkpoints.renew(this.#scheduler.busy);
    this.drains.start();
    this.#scheduler.add(this.checkpoints.held.filter((partition) => !before.has(partition)));
    const idle = this.checkpoints.held.filter((partition) => !this.#scheduler.busy.has(partition));
    if (surplus > 0 && idle.length > 0) await this.checkpoints.resign(idle.slice(-surplus));
  }

  /** Finds events whose announcement was lost, and work that is due by time. */
  async #poll(): Promise<void> {
    const now = performance.now();
    const { held } = this.checkpoints;
    if (now - this.#polledAt < POLL_MS || held.length === 0) return;
    this.#polledAt = now;
    this.#subscribers = await this.planner.subscribers(held);
    this.#scheduler.add(await this.feed.partitionsWithNews(this.#leaderships()));
    if (now - this.#cancelledAt > CANCEL_MS) {
      this.#cancelledAt = now;
      await this.deliveries.cancelOrphans(held);
    }
    await this.drains.claimDue(held);
  }

  /** Adds partitions of organizations that have subscribed since the last poll. */
  async #meet(): Promise<void> {
    const now = performance.now();
    if (this.#strangers.size === 0 || now - this.#metAt < MEET_MS) return;
    this.#metAt = now;
    const strangers = [...this.#strangers];
    this.#strangers.clear();
    for (const id of await this.planner.subscribersAmong(strangers)) {
      this.#subscribers.add(id);
      this.#scheduler.add([partitionOf(id)]);
    }
  }

  #leads(organizationId: string): boolean {
    return this.checkpoints.leadershipOf(partitionOf(organizationId)) !== undefined;
  }

  #leaderships(): Leadership[] {
    return this.checkpoints.held.flatMap((partition) => this.checkpoints.leadershipOf(partition) ?? []);
  }

  /**
   * Makes deliveries of an equal part of the new events in each of some partitions, and returns those that have more. A
   * single partition continues while no other waits, so that it need not read events again.
   */
  async #page(leaderships: Leadership[]): Promise<number[]> {
    let pages = await this.feed.read(leaderships, Math.ceil(PAGE / leaderships.length));
    const candidates = await this.planner.candidates(pages.flatMap(({ events }) => events));
    do {
      const parts = pages.map((page) => beginningOf(page, candidates, DELIVERIES / leaderships.length));
      await this.#store(parts, leaderships, candidates);
      for (const [index, leadership] of leaderships.entries())
        leadership.position = (parts[index] as FeedPage).position;
      pages = pages.map(({ events, ...page }, index) => ({
        ...page,
        events: events.slice(parts[index]?.events.length),
      }));
    } while (leaderships.length === 1 && pages[0]?.events[0] && !this.#stopping && !this.#scheduler.areWaitedFor);
    return leaderships
      .filter((_, index) => pages[index]?.more || pages[index]?.events[0])
      .map(({ partition }) => partition);
  }

  async #store(parts: FeedPage[], leaderships: Leadership[], candidates: Candidates): Promise<void> {
    const events = parts.flatMap((part) => part.events);
    const fanouts = await this.planner.plan(events, candidates);
    if (fanouts.length === 0) return;
    const targets = targetsOf(fanouts);
    const advances = leaderships.map((leadership, index) =>
      this.checkpoints.advance(leadership, (parts[index] as FeedPage).position),
    );
    await this.database.write(null, [...advances, enroll(targets), ...storeFanouts(fanouts)]);
    this.drains.announce(targets);
  }

  /** Processes one page of recoveries and of reviews; returns true when there may be more. */
  async #pageOfTasks(): Promise<boolean> {
    const { held } = this.checkpoints;
    if (held.length === 0) return false;
    const inPartition: InPartition = (partition, work) =>
      this.#scheduler.reserve(partition, (leadership) =>
        work(() => this.checkpoints.advance(leadership, leadership.position)),
      );
    const recovering = await this.recoveries.page(held, inPartition);
    const reviewing = await this.reviews.page(held, inPartition);
    return recovering || reviewing;
  }

  #tell(error: unknown): void {
    if (!isFenced(error)) this.#logger.warn({ err: error as Error }, 'Relay failed; it is retried');
  }
}

/** Returns the beginning of a page that makes the given number of deliveries. */
function beginningOf(page: FeedPage, candidates: Candidates, deliveries: number): FeedPage {
  const events = firstOf(page.events, candidates, deliveries);
  const left = page.events[events.length];
  return left ? { ...page, events, position: left.position - 1 } : page;
}

function targetsOf(fanouts: Fanout[]): DrainTarget[] {
  const targets = new Map<string, DrainTarget>();
  for (const { organizationId, receivers } of fanouts) {
    for (const { id } of receivers) targets.set(id, { organizationId, subscriptionId: id });
  }
  return [...targets.values()];
}
