import { Logger } from '@nestjs/common';
import { type Checkpoints, isFenced, type Leadership } from '#libs/event-store/checkpoint.js';
import { type EventFeed } from '#libs/event-store/event-feed.js';
import { partitionOf } from '#libs/event-store/partitions.js';
import { type Database } from '#libs/platform/database.js';
import { type WakeUp } from '#libs/platform/wake-up.js';
import { type Deliveries } from './deliveries.js';
import { type DrainScheduler } from './drain-scheduler.js';
import { type DrainTarget } from './exchange.js';
import { enroll, type Fanout, storeFanouts } from './fanout-rows.js';
import { type FanoutPlanner } from './fanout.js';
import { type InPartition } from './paged-work.js';
import { type Recoveries } from './recoveries.js';
import { type Reviews } from './reviews.js';

const PAGE = 500;
/** Deliveries that one transaction stores, give or take the last event's. */
const STORE_AT_ONCE = 2_000;
/** Partitions that a process reads at the same time. */
const SIDE_BY_SIDE = 4;
/** How soon a process that has come or gone is noticed; well within the lease. */
const RENEW_MS = 700;
/** How long an event waits at most when its wake-up was lost, and how often due retries are looked for. */
const POLL_MS = 1_000;
/** After a failure, which is mostly a database that is away. */
const FAILURE_PAUSE_MS = 1_000;
/** How often deliveries to subscriptions that are gone are given up. */
const CANCEL_MS = 10_000;

/**
 * Turns events into delivery rows, exactly once each: rows and checkpoint are one transaction. Each partition has one
 * leader; processes share the partitions. A process reads page by page, of those of its partitions that have something
 * new, one after the other, so that much in one does not keep the others waiting. The leader also looks for due rows that
 * no job knows of: retries, and what a lost queue forgot; and it goes through the past for recoveries and through what
 * waits after changes, so that there is one writer of an organization's deliveries.
 */
export class Relay {
  readonly #logger = new Logger('Relay');
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  /** In the order of their turns. */
  readonly #news = new Set<number>();
  readonly #busy = new Set<number>();
  /** Whose events somebody wants, as of the last poll: what others do wakes nobody up. */
  #subscribers: ReadonlySet<string> = new Set();
  readonly #pages = new Map<number, Promise<void>>();
  /** Whose next turn is a task's. */
  readonly #reserved = new Set<number>();
  #renewedAt = -RENEW_MS;
  #polledAt = -POLL_MS;
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
    private readonly wakeUp: WakeUp,
  ) {}

  start(): void {
    this.wakeUp.listen((organizationIds) => {
      const wanted = organizationIds?.filter((organizationId) => this.#subscribers.has(organizationId));
      for (const partition of wanted?.map(partitionOf) ?? this.checkpoints.held) this.#news.add(partition);
    });
    this.#running = this.#run();
  }

  /** Finishes the pages at hand and hands the partitions on. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.wakeUp.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    await this.wakeUp.showAlive(this.checkpoints.holder);
    while (!this.#stopping) {
      try {
        await this.#lead();
        this.#startPages();
        await this.#poll();
        this.#startPages();
        const busy = await this.#pageOfTasks();
        if (!busy) await this.wakeUp.wait(RENEW_MS);
      } catch (error) {
        this.#tell(error);
        await this.wakeUp.wait(FAILURE_PAUSE_MS);
      }
    }
    await Promise.all(this.#pages.values());
    await this.checkpoints.resign().catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'Leadership could not be handed on; it runs out by itself');
    });
  }

  /** Renews the leases in good time, and gives those back that others are to have. */
  async #lead(): Promise<void> {
    if (performance.now() - this.#renewedAt < RENEW_MS) return;
    this.#renewedAt = performance.now();
    const before = new Set(this.checkpoints.held);
    const surplus = await this.checkpoints.renew(this.#busy);
    for (const partition of this.checkpoints.held) if (!before.has(partition)) this.#news.add(partition);
    const idle = this.checkpoints.held.filter((partition) => !this.#busy.has(partition));
    if (surplus > 0 && idle.length > 0) await this.checkpoints.resign(idle.slice(-surplus));
  }

  /** What no wake-up told of, and what is due by the clock. */
  async #poll(): Promise<void> {
    const now = performance.now();
    const { held } = this.checkpoints;
    if (now - this.#polledAt < POLL_MS || held.length === 0) return;
    this.#polledAt = now;
    this.#subscribers = await this.planner.subscribers(held);
    for (const partition of await this.feed.partitionsWithNews(this.#leaderships())) this.#news.add(partition);
    if (now - this.#cancelledAt > CANCEL_MS) {
      this.#cancelledAt = now;
      await this.deliveries.cancelOrphans(held);
    }
    await this.drains.claimDue(held);
  }

  #leaderships(): Leadership[] {
    return this.checkpoints.held.flatMap((partition) => this.checkpoints.leadershipOf(partition) ?? []);
  }

  /** One page of each partition whose turn it is; when one is over, the next begins. */
  #startPages(): void {
    for (const partition of this.#news) {
      if (this.#stopping || this.#pages.size >= SIDE_BY_SIDE) return;
      if (!this.#isFree(partition)) continue;
      this.#news.delete(partition);
      const page = this.#inPartition(partition, (leadership) => this.#page(leadership))
        .then(() => undefined)
        .catch((error: unknown) => {
          this.#tell(error);
        })
        .finally(() => {
          this.#pages.delete(partition);
          this.#startPages();
        });
      this.#pages.set(partition, page);
    }
  }

  #isFree(partition: number): boolean {
    return !this.#busy.has(partition) && !this.#reserved.has(partition) && !this.checkpoints.isSettling(partition);
  }

  async #page(leadership: Leadership): Promise<void> {
    const { partition } = leadership;
    const page = await this.feed.read(partition, leadership.position, PAGE);
    const chunks = chunksOf(await this.planner.plan(page.events));
    for (const [index, fanouts] of chunks.entries()) {
      const isLast = index === chunks.length - 1;
      const position = isLast ? page.position : (fanouts.at(-1) as Fanout).position;
      const targets = targetsOf(fanouts);
      const advance = this.checkpoints.advance(leadership, position);
      await this.database.write(null, [advance, enroll(targets), ...storeFanouts(fanouts)]);
      leadership.position = position;
      this.drains.announce(targets);
    }
    leadership.position = page.position;
    if (page.more) this.#news.add(partition);
  }

  /** One page of what else is to be done in a partition; true when there may be more. */
  async #pageOfTasks(): Promise<boolean> {
    const { held } = this.checkpoints;
    if (held.length === 0) return false;
    const inPartition: InPartition = async (partition, work) => {
      this.#reserved.add(partition);
      try {
        await this.#pages.get(partition);
        return await this.#inPartition(partition, (leadership) =>
          work(() => this.checkpoints.advance(leadership, leadership.position)),
        );
      } finally {
        this.#reserved.delete(partition);
      }
    };
    const recovering = await this.recoveries.page(held, inPartition);
    const reviewing = await this.reviews.page(held, inPartition);
    return recovering || reviewing;
  }

  /** Does something in a partition that this process leads, while nothing else is done there; false when that is not now. */
  async #inPartition(partition: number, work: (leadership: Leadership) => Promise<void>): Promise<boolean> {
    const leadership = this.checkpoints.leadershipOf(partition);
    if (!leadership || this.#busy.has(partition)) return false;
    this.#busy.add(partition);
    try {
      await work(leadership);
      return true;
    } catch (error) {
      // What this process holds to be its position may not have been stored.
      this.checkpoints.forget(partition);
      throw error;
    } finally {
      this.#busy.delete(partition);
    }
  }

  #tell(error: unknown): void {
    if (!isFenced(error)) this.#logger.warn({ err: error as Error }, 'Relay failed; it goes on in a moment');
  }
}

function targetsOf(fanouts: Fanout[]): DrainTarget[] {
  const targets = new Map<string, DrainTarget>();
  for (const { organizationId, receivers } of fanouts) {
    for (const { id } of receivers) targets.set(id, { organizationId, subscriptionId: id });
  }
  return [...targets.values()];
}

/** In pieces that a transaction can hold, however many subscribers an event has. */
function chunksOf(fanouts: Fanout[]): Fanout[][] {
  const chunks: Fanout[][] = [];
  let size = STORE_AT_ONCE;
  for (const fanout of fanouts) {
    if (size >= STORE_AT_ONCE) {
      chunks.push([]);
      size = 0;
    }
    chunks.at(-1)?.push(fanout);
    size += fanout.receivers.length;
  }
  return chunks;
}
