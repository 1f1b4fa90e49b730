import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type JobQueue, type JobsToAdd } from '#libs/background/job-queue.js';
import { type Jobs } from '#libs/background/jobs.js';
import { partitionOf } from '#libs/event-store/partitions.js';
import { type Claim, CLAIMED_AT_ONCE, type DrainClaims } from './drain-claims.js';
import { type DrainTarget } from './drain-statements.js';
import { type RunningDrains } from './running-drains.js';

/** A job in it says: these organizations may have something to send. */
export const DELIVERIES_QUEUE = 'webhook-deliveries';
/** Jobs that one process takes at the same time; each is over once its drains have begun. */
const CONCURRENCY = 5;
/** How long the process waits for jobs that are being added when it ends. */
const STOP_MS = 2_000;
/** Organizations that one job is for; a job costs more than what a claim does. */
const ORGANIZATIONS = 20;

/**
 * Brings subscriptions with due deliveries and workers with room for them together. Jobs only wake workers up: a worker
 * claims what it drains in the database, and announces the organization again when there may be more than it has taken.
 * The partition's leader claims for itself what no job brings: retries whose time has come, everything while the job queue
 * is away, and what the queue has lost.
 */
export class DrainScheduler {
  readonly #logger = new Logger('Webhooks');
  readonly #queue: JobQueue<string[]>;
  readonly #announced = new Set<string>();
  #announcing: Promise<void> | undefined;
  /** Claims go one after the other: each knows what room the one before has left. */
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

  /** Begins to take jobs; once the process is known, for leases of one that is not are free for others. */
  start(): void {
    if (this.#started || this.#stopping) return;
    this.#started = true;
    this.jobs.worker<string[]>(DELIVERIES_QUEUE, CONCURRENCY, ({ data }) => this.#claim(data));
  }

  /** What this process is draining hears of it at once; the others, through jobs that are added soon. */
  announce(targets: DrainTarget[]): void {
    for (const target of targets) {
      if (!this.running.nudge(target)) this.#announced.add(target.organizationId);
    }
    if (this.#announced.size > 0 && !this.#stopping) this.#announcing ??= this.#addJobs();
  }

  /** Begins to drain what is due in some partitions, whether or not a job is under way; for what is beyond, there are jobs. */
  async claimDue(partitions: number[]): Promise<void> {
    await this.#inTurn(async (claim) => {
      const claimed = await this.claims.ofPartitions(partitions, claim);
      const served = claim.except.filter((organizationId) => partitions.includes(partitionOf(organizationId)));
      // Another process may have the room that this one lacks.
      const waiting = claimed.length >= claim.room ? await this.claims.someWaiting(partitions) : [];
      this.#shareOut(claimed, [...served, ...waiting]);
    });
  }

  /** Waits a moment for jobs that are being added, and adds no more. The next leader finds the rest. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.race([this.#announcing, pause(STOP_MS, undefined, { ref: false })]);
  }

  /** One request at a time: what is announced meanwhile shares the next. */
  async #addJobs(): Promise<void> {
    try {
      while (this.#announced.size > 0 && !this.#stopping) {
        const organizationIds = [...this.#announced];
        this.#announced.clear();
        // Whether jobs can be added, their queue tells.
        await this.#queue.addBulk(jobsFor(organizationIds)).catch(() => this.#claim(organizationIds));
      }
    } catch (error) {
      this.#logger.warn({ err: error as Error }, 'What is due could not be looked for; it is tried again');
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

  /** Others begin with what is left of an organization at the same time. */
  #shareOut(claimed: DrainTarget[], others: string[]): void {
    for (const organizationId of [...organizationsOfMore(claimed), ...others]) this.#announced.add(organizationId);
    this.announce([]);
    for (const target of claimed) {
      // Drains outlast their job. What is lost together with the process, the leader finds.
      this.#drain(target).catch((error: unknown) => {
        this.#logger.warn({ err: error as Error, ...target }, 'A subscription could not be drained; it is tried again');
      });
    }
  }

  /** A subscription that has made room for others comes again after them. */
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

/** Organizations of which as many were claimed as one claim takes. */
function organizationsOfMore(claimed: DrainTarget[]): string[] {
  const byOrganization = Map.groupBy(claimed, ({ organizationId }) => organizationId);
  return [...byOrganization.keys()].filter((id) => byOrganization.get(id)?.length === CLAIMED_AT_ONCE);
}
