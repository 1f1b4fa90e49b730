import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type JobQueue, type JobsToAdd } from '#libs/background/job-queue.js';
import { type Jobs } from '#libs/background/jobs.js';
import { partitionOf } from '#libs/event-store/partitions.js';
import { type Claim, CLAIMED_AT_ONCE, type DrainClaims } from './drain-claims.js';
import { type DrainTarget } from './drain-statements.js';
import { type RunningDrains } from './running-drains.js';

/** Queue of jobs that name organizations with possibly due deliveries. */
export const DELIVERIES_QUEUE = 'webhook-deliveries';
/** Maximum number of parallel jobs of one process; a job ends once its drains have begun. */
const CONCURRENCY = 5;
/** Maximum wait for jobs that are being added on shutdown. */
const STOP_MS = 2_000;
/** Maximum number of organizations per job; a job costs more than a claim. */
const ORGANIZATIONS = 20;

/**
 * Assigns subscriptions with due deliveries to workers with free capacity. Jobs only wake workers up: a worker claims
 * what it drains in the database, and announces the organization again if there may be more. The partition's leader
 * claims deliveries without a job: due retries, all deliveries while the job queue is unavailable, and those that the
 * queue has lost.
 */
export class DrainScheduler {
  readonly #logger = new Logger('Webhooks');
  readonly #queue: JobQueue<string[]>;
  readonly #announced = new Set<string>();
  #announcing: Promise<void> | undefined;
  /** Claims run one after another, so that each knows the free places that the previous one has left. */
  #claiming: Promise<unknown> = Promise.resolve();
  #started = false;
  #stopping = false;

  constructor(
    private readonly claims: DrainClaims,
    private readonly running: RunningDrains,
    private readonly holder: string,
    private readonly jobs: Jobs,
  ) {
    this.#queue = jobs.queue<string[]>(DELIVERIES_QUEUE);
  }

  /** Starts taking jobs, once the process is known: leases of an unknown one count as free. */
  start(): void {
    if (this.#started || this.#stopping) return;
    this.#started = true;
    this.jobs.worker<string[]>(DELIVERIES_QUEUE, CONCURRENCY, ({ data }) => this.#claim(data));
  }

  /** Notifies drains of this process at once, and other processes by jobs that are added soon. */
  announce(targets: DrainTarget[]): void {
    for (const target of targets) {
      if (!this.running.nudge(target)) this.#announced.add(target.organizationId);
    }
    if (this.#announced.size > 0 && !this.#stopping) this.#announcing ??= this.#addJobs();
  }

  /** Starts draining due deliveries in some partitions, with or without jobs; adds jobs for the rest. */
  async claimDue(partitions: number[]): Promise<void> {
    await this.#inTurn(async (claim) => {
      const claimed = await this.claims.ofPartitions(partitions, claim);
      const served = claim.except.filter((organizationId) => partitions.includes(partitionOf(organizationId)));
      // Another process may have the free places that this one lacks.
      const waiting = claimed.length >= claim.room ? await this.claims.someWaiting(partitions) : [];
      this.#shareOut(claimed, [...served, ...waiting]);
    });
  }

  /** Waits briefly for jobs that are being added, and adds no more. The next leader finds the rest. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.race([this.#announcing, pause(STOP_MS, undefined, { ref: false })]);
  }

  /** Adds jobs, one request at a time: later announcements share the next. */
  async #addJobs(): Promise<void> {
    try {
      while (this.#announced.size > 0 && !this.#stopping) {
        const organizationIds = [...this.#announced];
        this.#announced.clear();
        // The queue reports whether jobs can be added.
        await this.#queue.addBulk(jobsFor(organizationIds)).catch(() => this.#claim(organizationIds));
      }
    } catch (error) {
      this.#logger.warn({ err: error as Error }, 'Due deliveries could not be claimed; it is retried');
    } finally {
      this.#announcing = undefined;
    }
  }

  #claim(organizationIds: string[]): Promise<void> {
    return this.#inTurn(async (claim) => {
      this.#shareOut(await this.claims.ofOrganizations(organizationIds, claim), []);
    });
  }

  #inTurn(work: (claim: Claim) => Promise<void>): Promise<void> {
    const turn = this.#claiming.then(() => work({ holder: this.holder, ...this.running.vacancy }));
    this.#claiming = turn.catch(() => undefined);
    return turn;
  }

  /** Starts claimed drains, and announces the rest to other processes. */
  #shareOut(claimed: DrainTarget[], others: string[]): void {
    for (const organizationId of [...organizationsOfMore(claimed), ...others]) this.#announced.add(organizationId);
    this.announce([]);
    for (const target of claimed) {
      // Drains run longer than their job. If the process dies, the leader finds their deliveries.
      this.#drain(target).catch((error: unknown) => {
        this.#logger.warn({ err: error as Error, ...target }, 'A subscription could not be drained; it is retried');
      });
    }
  }

  /** Drains a subscription; announces it again if it made room for others. */
  async #drain(target: DrainTarget): Promise<void> {
    if (await this.running.drain(target)) this.announce([target]);
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

/** Returns the organizations of which a claim has taken its maximum. */
function organizationsOfMore(claimed: DrainTarget[]): string[] {
  const byOrganization = Map.groupBy(claimed, ({ organizationId }) => organizationId);
  return [...byOrganization.keys()].filter((id) => byOrganization.get(id)?.length === CLAIMED_AT_ONCE);
}
