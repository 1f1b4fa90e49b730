import { setTimeout as pause } from 'node:timers/promises';
import { type Job, Worker, type WorkerOptions } from 'bullmq';
import { type Outage } from '#libs/platform/outage.js';
import { connectJobs, type JobsLocation } from './jobs-connections.js';

/** The work of a worker. */
export interface Work<Data> {
  queue: string;
  /** Maximum number of parallel jobs. */
  concurrency: number;
  process: (job: Job<Data>) => Promise<void>;
  /** Called with the error that `process` has thrown. */
  onFailed: (error: Error) => void;
}

/** Duration of a job's lock. A dead worker's job is released once its lock and a check have passed. */
const LOCK_MS = 6_000;
const STALLED_CHECK_MS = 3_000;
/** Time before a retry after a failure. */
const RETRY_MS = 1_000;
/** Number of stalls after which BullMQ fails a job for good. Jobs here are repeatable and must survive all crashes. */
const MAX_STALLED = 1_000_000;
/** Maximum number of parallel commands of one worker on PostgreSQL. */
const PARALLEL = 5;

/**
 * A BullMQ worker that runs only once it is ready. A worker that does not become ready, or breaks, is replaced on a new
 * connection, because BullMQ remembers for good that a connection has failed.
 */
export class JobWorker<Data> {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    private readonly location: JobsLocation,
    private readonly work: Work<Data>,
    private readonly outage: Outage,
  ) {
    this.#running = this.#run();
  }

  /** Waits for running jobs; starts no others. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#runOne(signal);
      } catch (error) {
        this.outage.failed(error);
      }
      await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #runOne(signal: AbortSignal): Promise<void> {
    const { queue, concurrency, process, onFailed } = this.work;
    const connection = await connectJobs(this.location, 'worker', Math.min(concurrency, PARALLEL));
    const options = { ...connection, concurrency, ...OPTIONS };
    const worker = new PatientWorker<Data>(queue, process as never, options, connection.backend as never);
    worker.on('error', (error) => {
      this.outage.failed(error);
    });
    worker.on('failed', (_job, error) => {
      onFailed(error);
    });
    worker.onLooked = () => {
      this.outage.worked();
    };
    const close = () => void worker.close();
    try {
      // A worker that is closed before it is ready would take a connection and keep it.
      await worker.waitUntilReady();
      signal.addEventListener('abort', close);
      if (!signal.aborted) await worker.run();
    } finally {
      signal.removeEventListener('abort', close);
      await worker.close();
      await connection.end();
    }
  }
}

const OPTIONS = {
  autorun: false,
  lockDuration: LOCK_MS,
  stalledInterval: STALLED_CHECK_MS,
  maxStalledCount: MAX_STALLED,
  runRetryDelay: RETRY_MS,
} satisfies Partial<WorkerOptions>;

/**
 * BullMQ's worker looks for a job again at once after any failure except a refused connection. If it fails immediately
 * each time, it blocks the rest of the process. This worker therefore pauses after each failure.
 */
class PatientWorker<Data> extends Worker<Data> {
  readonly #closing = new AbortController();
  /** Called when looking for a job has worked. */
  onLooked: () => void = () => undefined;

  protected override async moveToActive(token: string, name?: string): ReturnType<Worker<Data>['getNextJob']> {
    try {
      const job = await super.moveToActive(token, name);
      this.onLooked();
      return job;
    } catch (error) {
      if (this.closing) return undefined as never;
      this.emit('error', error as Error);
      await pause(RETRY_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      return undefined as never;
    }
  }

  override close(force?: boolean): Promise<void> {
    this.#closing.abort();
    return super.close(force);
  }
}
