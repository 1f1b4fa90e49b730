import type pg from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import { type Job, runMigrations } from 'bullmq';
import { type Outage } from '#libs/platform/outage.js';
import { JobQueue } from './job-queue.js';
import { JobWorker } from './job-worker.js';
import { JOBS_SCHEMA, type JobsLocation } from './jobs-connections.js';

/** Options of {@link Jobs}, whose jobs carry ids only. */
export interface JobsOptions extends JobsLocation {
  /** Receives failures between this process and its jobs. */
  outage: Outage;
  /** Called with the error that the work on a job has thrown. */
  onFailed: (error: Error) => void;
}

/** Maximum wait on close; longer than any job runs once it is told to stop. */
const CLOSE_MS = 18_000;

/** Queues and workers on the installation's one backend. They recover after it was unavailable. */
export class Jobs {
  #closed: Promise<void> | undefined;
  readonly #queues: { close(): Promise<void> }[] = [];
  readonly #workers: { close(): Promise<void> }[] = [];

  constructor(private readonly options: JobsOptions) {}

  queue<Data>(name: string): JobQueue<Data> {
    const queue = new JobQueue<Data>(this.options, name, this.options.outage);
    this.#queues.push(queue);
    return queue;
  }

  /** Starts a worker on the jobs of a queue. */
  worker<Data>(queue: string, concurrency: number, process: (job: Job<Data>) => Promise<void>): void {
    const { onFailed, outage } = this.options;
    this.#workers.push(new JobWorker<Data>(this.options, { queue, concurrency, process, onFailed }, outage));
  }

  /** Waits for running jobs, then disconnects. May be called repeatedly. Does not wait for an unavailable backend. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const close = (resource: { close(): Promise<void> }) => resource.close();
    // Running jobs may still add jobs.
    const closed = Promise.all(this.#workers.map(close)).then(() => Promise.all(this.#queues.map(close)));
    await Promise.race([closed, pause(CLOSE_MS, undefined, { ref: false })]);
  }
}

/**
 * Creates or updates BullMQ's tables, as the database's owner, and grants the worker access. BullMQ creates each
 * queue's sequence on first use. Creating it here saves the worker the right to create anything.
 */
export async function migrateJobs(client: pg.Client, queues: string[]): Promise<void> {
  await runMigrations(client, JOBS_SCHEMA);
  await client.query(`SET search_path = ${JOBS_SCHEMA}`);
  for (const queue of queues) await client.query('SELECT next_job_id($1)', [queue]);
  await client.query(`
    GRANT USAGE ON SCHEMA ${JOBS_SCHEMA} TO deskstream_worker;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${JOBS_SCHEMA} TO deskstream_worker;
    GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA ${JOBS_SCHEMA} TO deskstream_worker;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${JOBS_SCHEMA} TO deskstream_worker;
  `);
}
