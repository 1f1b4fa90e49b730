import { setTimeout as pause } from 'node:timers/promises';
import { type Job, Worker, type WorkerOptions } from 'bullmq';
import { type Outage } from '#libs/platform/outage.js';
import { connectJobs, type JobsLocation } from './jobs-connections.js';

/** What a worker does. */
export interface Work<Data> {
  queue: string;
  /** Jobs at the same time. */
  concurrency: number;
  process: (job: Job<Data>) => Promise<void>;
  /** Told what `process` has thrown. */
  onFailed: (error: Error) => void;
}

/** A worker that died gives its job back after lock and check have run out. */
const LOCK_MS = 6_000;
const STALLED_CHECK_MS = 3_000;
/** How soon what has failed is tried again. */
const RETRY_MS = 1_000;
/** BullMQ fails a job for good that stalls more often. Ours are repeatable and must survive any number of crashes. */
const MAX_STALLED = 1_000_000;
/** Commands of one worker that are under way at the same time on PostgreSQL. */
const PARALLEL = 5;

/**
 * A worker of BullMQ's that runs only once it is ready. One that does not become ready, or breaks, is replaced by another
 * on a new connection, for BullMQ remembers for good that a connection has failed.
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

  /** Waits for jobs that run; begins no other. */
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
      // One that is closed meanwhile would take a connection afterwards, and keep it.
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
 * BullMQ's worker looks for a job again at once when looking has failed in another way than by a refused connection. When
 * failing takes no time either, nothing else of the process runs any more: so each failure is followed by a pause.
 */
class PatientWorker<Data> extends Worker<Data> {
  readonly #closing = new AbortController();
  /** Told that looking for a job has worked. */
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
