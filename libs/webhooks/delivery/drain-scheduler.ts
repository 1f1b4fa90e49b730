import { Logger } from '@nestjs/common';
import { partitionOf } from '#libs/event-store/partitions.js';
import { type JobQueue, type JobsToAdd } from '#libs/platform/job-queue.js';
import { type Jobs } from '#libs/platform/jobs.js';
import { type Claim, CLAIMED_AT_ONCE, type DrainClaims } from './drain-claims.js';
import { type DrainTarget } from './exchange.js';
import { type Lanes } from './lanes.js';

/** A job in it says: these organizations may have something to send. */
export const DELIVERIES_QUEUE = 'webhook-deliveries';
/** Jobs that one process takes at the same time; each is over once its drains have begun. */
const CONCURRENCY = 5;
/** Organizations that one job is for; a job costs more than what a claim does. */
const ORGANIZATIONS = 20;

/**
 * Brings subscriptions with due deliveries and workers with room for them together. Jobs only wake workers up: a worker
 * claims what it drains in the database, and announces the organization again when there may be more than it has taken. What no
 * job brings, the partition's leader claims for itself: retries whose time has come, all while the job queue is away,
 * and what the queue has lost.
 */
export class DrainScheduler {
  readonly #logger = new Logger('Webhooks');
  readonly #queue: JobQueue<string[]>;
  readonly #announced = new Set<string>();
  #announcing: Promise<void> | undefined;
  #stopping = false;

  constructor(
    private readonly claims: DrainClaims,
    private readonly lanes: Lanes,
    private readonly holder: string,
    jobs: Jobs,
  ) {
    this.#queue = jobs.queue<string[]>(DELIVERIES_QUEUE);
    jobs.worker<string[]>(DELIVERIES_QUEUE, CONCURRENCY, ({ data }) => this.#claim(data));
  }

  /** What this process is draining hears of it at once; the others, through jobs that are added soon. */
  announce(targets: DrainTarget[]): void {
    for (const target of targets) {
      if (!this.lanes.nudge(target)) this.#announced.add(target.organizationId);
    }
    if (!this.#stopping) this.#announcing ??= this.#addJobs().finally(() => (this.#announcing = undefined));
  }

  /** Begins to drain what is due in some partitions, whether or not a job is under way; for what is beyond, there are jobs. */
  async claimDue(partitions: number[]): Promise<void> {
    const claim = this.#claimNow;
    const claimed = await this.claims.ofPartitions(partitions, claim);
    const led = new Set(partitions);
    this.#shareOut(
      claimed,
      claim.except.filter((organizationId) => led.has(partitionOf(organizationId))),
    );
  }

  /** Waits for jobs that are being added; adds no more. What is left is found by the leader's successor. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#announcing;
  }

  /** One request at a time: what is announced meanwhile shares the next. */
  async #addJobs(): Promise<void> {
    while (this.#announced.size > 0 && !this.#stopping) {
      const organizationIds = [...this.#announced];
      this.#announced.clear();
      try {
        await this.#queue.addBulk(jobsFor(organizationIds));
      } catch {
        // Whether jobs can be added, their queue tells.
        await this.#claim(organizationIds).catch((error: unknown) => {
          this.#logger.warn({ err: error as Error }, 'What is due could not be looked for; it is tried again');
        });
      }
    }
  }

  async #claim(organizationIds: string[]): Promise<void> {
    this.#shareOut(await this.claims.ofOrganizations(organizationIds, this.#claimNow), []);
  }

  get #claimNow(): Claim {
    return { holder: this.holder, ...this.lanes.vacancy };
  }

  /** Others begin with what is left of an organization at the same time. */
  #shareOut(claimed: DrainTarget[], others: string[]): void {
    for (const organizationId of [...organizationsOfMore(claimed), ...others]) this.#announced.add(organizationId);
    this.announce([]);
    this.#begin(claimed);
  }

  /** Drains outlast their job. What is lost together with the process, the leader finds. */
  #begin(targets: DrainTarget[]): void {
    for (const target of targets) {
      this.#drain(target).catch((error: unknown) => {
        this.#logger.warn({ err: error as Error, ...target }, 'A subscription could not be drained; it is tried again');
      });
    }
  }

  /** A subscription that has made room for others comes again after them. */
  async #drain(target: DrainTarget): Promise<void> {
    if (await this.lanes.drain(target)) this.announce([target]);
  }
}

function jobsFor(organizationIds: string[]): JobsToAdd<string[]> {
  const jobs: JobsToAdd<string[]> = [];
  for (let first = 0; first < organizationIds.length; first += ORGANIZATIONS) {
    const data = organizationIds.slice(first, first + ORGANIZATIONS);
    jobs.push({ name: 'drain', data, opts: { removeOnComplete: true, removeOnFail: true } });
  }
  return jobs;
}

/** Organizations of which as many were claimed as one claim takes. */
function organizationsOfMore(claimed: DrainTarget[]): string[] {
  const byOrganization = Map.groupBy(claimed, ({ organizationId }) => organizationId);
  return [...byOrganization.keys()].filter((id) => byOrganization.get(id)?.length === CLAIMED_AT_ONCE);
}
