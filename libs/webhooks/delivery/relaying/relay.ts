import { Logger } from '@nestjs/common';
import { type Database } from '#libs/database/database.js';
import { type Notifications } from '#libs/database/notifications.js';
import { type Checkpoints, isFenced, type Leadership } from '#libs/event-store/checkpoint.js';
import { type EventFeed, type FeedPage } from '#libs/event-store/event-feed.js';
import { partitionOf } from '#libs/event-store/partitions.js';
import { type Deliveries } from '../draining/deliveries.js';
import { type DrainScheduler } from '../draining/drain-scheduler.js';
import { type DrainTarget } from '../draining/drain-statements.js';
import { type InPartition } from '../paged-work.js';
import { type Recoveries } from '../recoveries.js';
import { type Reviews } from '../reviews.js';
import { enroll, type Fanout, storeFanouts } from './fanout-rows.js';
import { type Candidates, type FanoutPlanner, firstOf } from './fanout.js';
import { PartitionTurns } from './partition-turns.js';

/** Events that are read at once, in all partitions that are read together. */
const PAGE = 500;
/** Deliveries that are made of one page, in one transaction, give or take those of the last event of each partition. */
const DELIVERIES = 2_000;
/** How soon a process that has come or gone is noticed; well within the lease. */
const RENEW_MS = 700;
/** How long an event waits at most when its wake-up was lost, and how often due retries are looked for. */
const POLL_MS = 1_000;
/** How often it is asked whether those have subscribed who are not known to have. */
const MEET_MS = 100;
/** After a failure, which is mostly a database that is away. */
const FAILURE_PAUSE_MS = 500;
/** How often deliveries to subscriptions that are gone are given up. */
const CANCEL_MS = 10_000;

/**
 * Turns events into delivery rows, exactly once each: rows and checkpoint are one transaction. Each partition has one
 * leader; processes share the partitions. A page is of all partitions of a process that have something new, and each has
 * the same part of it, so that much in one does not keep the others waiting. The leader also looks for due rows that no job
 * knows of: retries, and what a lost queue forgot; and it goes through the past for recoveries and through what waits after
 * changes, so that there is one writer of an organization's deliveries.
 */
export class Relay {
  readonly #logger = new Logger('Relay');
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  readonly #turns: PartitionTurns;
  /** Whose events somebody wants, as far as is known: what others do wakes nobody up. */
  #subscribers = new Set<string>();
  /** Who has new events, and may have subscribed since the last poll. */
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
    private readonly deliveries: Deliveries,
    private readonly drains: DrainScheduler,
    private readonly recoveries: Recoveries,
    private readonly reviews: Reviews,
    private readonly notifications: Notifications,
  ) {
    this.#turns = new PartitionTurns(
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
      this.#turns.add(known?.map(partitionOf) ?? this.checkpoints.held);
      for (const id of strangers ?? []) this.#strangers.add(id);
      this.#turns.begin();
    });
    this.#running = this.#run();
  }

  /** Finishes the pages at hand and hands the partitions on. */
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
        this.#turns.begin();
        await this.#poll();
        await this.#meet();
        this.#turns.begin();
        const busy = await this.#pageOfTasks();
        if (!busy) await this.notifications.wait(this.#restMs());
      } catch (error) {
        this.#tell(error);
        await this.notifications.wait(FAILURE_PAUSE_MS);
      }
    }
    await this.#turns.stop();
    await this.checkpoints.resign().catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'Leadership could not be handed on; it runs out by itself');
    });
  }

  /** Until something is to be done that no wake-up tells of. */
  #restMs(): number {
    const untilRenewal = this.#renewedAt + RENEW_MS - performance.now();
    return Math.max(0, Math.min(untilRenewal, this.#strangers.size > 0 ? MEET_MS : RENEW_MS));
  }

  /** Renews the leases in good time, and gives those back that others are to have. */
  async #lead(): Promise<void> {
    if (performance.now() - this.#renewedAt < RENEW_MS) return;
    this.#renewedAt = performance.now();
    const before = new Set(this.checkpoints.held);
    const surplus = await this.checkpoints.renew(this.#turns.busy);
    this.drains.start();
    this.#turns.add(this.checkpoints.held.filter((partition) => !before.has(partition)));
    const idle = this.checkpoints.held.filter((partition) => !this.#turns.busy.has(partition));
    if (surplus > 0 && idle.length > 0) await this.checkpoints.resign(idle.slice(-surplus));
  }

  /** What no wake-up told of, and what is due by the clock. */
  async #poll(): Promise<void> {
    const now = performance.now();
    const { held } = this.checkpoints;
    if (now - this.#polledAt < POLL_MS || held.length === 0) return;
    this.#polledAt = now;
    this.#subscribers = await this.planner.subscribers(held);
    this.#turns.add(await this.feed.partitionsWithNews(this.#leaderships()));
    if (now - this.#cancelledAt > CANCEL_MS) {
      this.#cancelledAt = now;
      await this.deliveries.cancelOrphans(held);
    }
    await this.drains.claimDue(held);
  }

  /** Begins with what those have recorded who have subscribed since the last poll. */
  async #meet(): Promise<void> {
    const now = performance.now();
    if (this.#strangers.size === 0 || now - this.#metAt < MEET_MS) return;
    this.#metAt = now;
    const strangers = [...this.#strangers];
    this.#strangers.clear();
    for (const id of await this.planner.subscribersAmong(strangers)) {
      this.#subscribers.add(id);
      this.#turns.add([partitionOf(id)]);
    }
  }

  #leads(organizationId: string): boolean {
    return this.checkpoints.leadershipOf(partitionOf(organizationId)) !== undefined;
  }

  #leaderships(): Leadership[] {
    return this.checkpoints.held.flatMap((partition) => this.checkpoints.leadershipOf(partition) ?? []);
  }

  /**
   * Makes deliveries of what is new in some partitions, an equal part of each, and answers those that have more. One that is
   * alone goes on while no other waits, so that it need not read again what it has read.
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
    } while (leaderships.length === 1 && pages[0]?.events[0] && !this.#stopping && !this.#turns.areWaitedFor);
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

  /** One page of what else is to be done in a partition; true when there may be more. */
  async #pageOfTasks(): Promise<boolean> {
    const { held } = this.checkpoints;
    if (held.length === 0) return false;
    const inPartition: InPartition = (partition, work) =>
      this.#turns.reserve(partition, (leadership) =>
        work(() => this.checkpoints.advance(leadership, leadership.position)),
      );
    const recovering = await this.recoveries.page(held, inPartition);
    const reviewing = await this.reviews.page(held, inPartition);
    return recovering || reviewing;
  }

  #tell(error: unknown): void {
    if (!isFenced(error)) this.#logger.warn({ err: error as Error }, 'Relay failed; it goes on in a moment');
  }
}

/** As much of a page as makes so many deliveries. */
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
