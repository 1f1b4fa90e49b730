import { Logger } from '@nestjs/common';
import { type Checkpoint, isFenced, type Leadership } from '#libs/event-store/checkpoint.js';
import { type EventFeed } from '#libs/event-store/event-feed.js';
import { type Database } from '#libs/platform/database.js';
import { type WakeUp } from '#libs/platform/wake-up.js';
import { type Deliveries } from './deliveries.js';
import { type DrainTarget } from './exchange.js';
import { enroll, type Fanout, storeFanouts } from './fanout-rows.js';
import { type FanoutPlanner } from './fanout.js';
import { type Recoveries } from './recoveries.js';
import { type Reviews } from './reviews.js';

const PAGE = 500;
/** Deliveries that one transaction stores, give or take the last event's. */
const STORE_AT_ONCE = 5_000;
/** Well within the lease. */
const RENEW_MS = 1_500;
/** How long an event waits at most when its wake-up was lost, and how often due retries are looked for. */
const POLL_MS = 1_000;
/** After a failure, which is mostly a database that is away. */
const FAILURE_PAUSE_MS = 1_000;
/** How often deliveries to subscriptions that are gone are given up. */
const CANCEL_MS = 10_000;

/**
 * Turns events into delivery rows, exactly once each: rows and checkpoint are one transaction. One process leads; the
 * others stand by. The leader also looks for due rows that no job knows of: retries, and what a lost queue forgot; and it
 * goes through the past for recoveries and through what waits after changes, so that there is one writer of deliveries.
 */
export class Relay {
  readonly #logger = new Logger('Relay');
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  #reconciledAt = 0;
  #cancelledAt = 0;
  #leadership: Leadership | undefined;
  #ledAt = 0;

  constructor(
    private readonly database: Database,
    private readonly feed: EventFeed,
    private readonly checkpoint: Checkpoint,
    private readonly planner: FanoutPlanner,
    private readonly deliveries: Deliveries,
    private readonly recoveries: Recoveries,
    private readonly reviews: Reviews,
    private readonly wakeUp: WakeUp,
    private readonly enqueue: (targets: DrainTarget[]) => Promise<void>,
  ) {}

  start(): void {
    this.#running = this.#run();
  }

  /** Finishes the page at hand and hands leadership on. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.wakeUp.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        const busy = await this.#turn();
        if (!busy) await this.wakeUp.wait(POLL_MS);
      } catch (error) {
        // What this process holds to be its position may not have been stored.
        this.#leadership = undefined;
        if (!isFenced(error)) this.#logger.warn({ err: error as Error }, 'Relay failed; it goes on in a moment');
        await this.wakeUp.wait(FAILURE_PAUSE_MS);
      }
    }
    await this.checkpoint.resign().catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'Leadership could not be handed on; it runs out by itself');
    });
  }

  /** One page; true when more is waiting. */
  async #turn(): Promise<boolean> {
    const leadership = await this.#lead();
    if (!leadership) return false;
    const page = await this.feed.read(leadership.position, PAGE);
    const chunks = chunksOf(await this.planner.plan(page.events));
    for (const [index, fanouts] of chunks.entries()) {
      const isLast = index === chunks.length - 1;
      leadership.position = isLast ? page.position : (fanouts.at(-1) as Fanout).position;
      const targets = targetsOf(fanouts);
      const advance = this.checkpoint.advance(leadership.epoch, leadership.position);
      await this.database.write(null, [advance, enroll(targets), ...storeFanouts(fanouts)]);
      await this.enqueue(targets);
    }
    leadership.position = page.position;
    await this.#reconcile();
    const fence = () => this.checkpoint.advance(leadership.epoch, page.position);
    const recovering = await this.recoveries.page(fence);
    const reviewing = await this.reviews.page(fence);
    return page.more || recovering || reviewing;
  }

  /** Renews the lease in good time; pages that concern nobody are accounted for along with it. */
  async #lead(): Promise<Leadership | undefined> {
    const now = performance.now();
    if (this.#leadership && now - this.#ledAt < RENEW_MS) return this.#leadership;
    if (this.#leadership) {
      const { epoch, position } = this.#leadership;
      await this.database.write(null, [this.checkpoint.advance(epoch, position)]);
    }
    this.#leadership = await this.checkpoint.lead();
    this.#ledAt = now;
    return this.#leadership;
  }

  async #reconcile(): Promise<void> {
    const now = performance.now();
    if (now - this.#reconciledAt < POLL_MS) return;
    this.#reconciledAt = now;
    if (now - this.#cancelledAt > CANCEL_MS) {
      this.#cancelledAt = now;
      await this.deliveries.cancelOrphans();
    }
    await this.enqueue(await this.deliveries.due());
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
