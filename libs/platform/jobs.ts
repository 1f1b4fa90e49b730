import { setTimeout as pause } from 'node:timers/promises';
import {
  type BackendFactory,
  type ConnectionOptions,
  createPostgresBackend,
  type Job,
  Queue,
  type RedisQueueBackend,
  runMigrations,
  Worker,
} from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

/** Where BullMQ keeps its jobs: Redis or Valkey when there is a URL, else PostgreSQL. Jobs carry ids only. */
export interface JobsOptions {
  databaseUrl: string;
  redisUrl?: string;
  onError: (error: Error) => void;
}

/** The schema of BullMQ's own tables. */
const SCHEMA = 'bullmq';
/** A worker that died gives its job back after lock and check have run out. */
const LOCK_MS = 6_000;
const STALLED_CHECK_MS = 3_000;
/** How soon a worker tries again whose backend was away. */
const RETRY_MS = 1_000;
/** Longer than any job runs once it has been told to stop. */
const CLOSE_MS = 18_000;
/** BullMQ fails a job for good that stalls more often. Ours are repeatable and must survive any number of crashes. */
const MAX_STALLED = 1_000_000;

/** BullMQ's types tie a backend to its connection's; here both are chosen together, at run time. */
type AnyBackend = BackendFactory<RedisQueueBackend> | undefined;

/** Queues and workers on the one backend of this installation. */
export class Jobs {
  readonly #connection: Redis | pg.Pool;
  readonly #backend: AnyBackend;
  #closed: Promise<void> | undefined;
  readonly #open: { close(): Promise<void> }[] = [];

  constructor(private readonly options: JobsOptions) {
    this.#connection = options.redisUrl
      ? new Redis(options.redisUrl, { maxRetriesPerRequest: null })
      : new pg.Pool({
          connectionString: options.databaseUrl,
          max: 8,
          keepAlive: true,
          options: `-c role=deskstream_worker -c search_path=${SCHEMA}`,
        });
    if (this.#connection instanceof pg.Pool) {
      // The pool's own listener is off while a connection is in use, and an error that nobody hears ends the process. BullMQ learns it from its queries.
      this.#connection.on('connect', (client) => client.on('error', () => undefined));
    }
    this.#connection.on('error', options.onError);
    this.#backend = options.redisUrl ? undefined : (createPostgresBackend as unknown as AnyBackend);
  }

  queue<Data>(name: string): Queue<Data> {
    const connection = this.#producerConnection();
    const queue = new Queue<Data>(name, { connection }, this.#backend as never);
    return this.#keep(queue);
  }

  /** Of its own on Redis: adding a job must fail while Redis is away, where a worker waits for it. */
  #producerConnection(): ConnectionOptions {
    const { redisUrl, onError } = this.options;
    if (!redisUrl) return this.#connection;
    const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1 });
    redis.on('error', onError);
    this.#open.push({
      close: () => {
        redis.disconnect();
        return Promise.resolve();
      },
    });
    return redis;
  }

  worker<Data>(name: string, concurrency: number, process: (job: Job<Data>) => Promise<void>): Worker<Data> {
    const options = {
      connection: this.#connection as ConnectionOptions,
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MAX_STALLED,
      runRetryDelay: RETRY_MS,
    };
    const worker = new Worker<Data>(name, process as never, options, this.#backend as never);
    // What a processor throws is told by this event alone.
    worker.on('failed', (_job, error) => {
      this.options.onError(error);
    });
    return this.#keep(worker);
  }

  /** Waits for jobs that run, then disconnects; whoever runs jobs may ask for it. Does not wait for a backend that is away to come back. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const closed = (async () => {
      for (const resource of this.#open.reverse()) await resource.close();
    })();
    const inTime = await Promise.race([closed.then(() => true), pause(CLOSE_MS, false, { ref: false })]);
    // A worker that goes on asking a pool that has ended is refused at once, and asks again at once: nothing else would run any more.
    if (!inTime) return;
    if (this.#connection instanceof pg.Pool) await this.#connection.end();
    else this.#connection.disconnect();
  }

  #keep<T extends { close(): Promise<void>; on(event: 'error', listener: (error: Error) => void): unknown }>(
    resource: T,
  ): T {
    resource.on('error', this.options.onError);
    this.#open.push(resource);
    return resource;
  }
}

/**
 * Creates or updates BullMQ's tables, as the database's owner, and lets the worker use them. BullMQ makes a sequence for
 * each queue when it is first used; made here, the worker needs no right to create anything.
 */
export async function migrateJobs(client: pg.Client, queues: string[]): Promise<void> {
  await runMigrations(client, SCHEMA);
  await client.query(`SET search_path = ${SCHEMA}`);
  for (const queue of queues) await client.query('SELECT next_job_id($1)', [queue]);
  await client.query(`
    GRANT USAGE ON SCHEMA ${SCHEMA} TO deskstream_worker;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${SCHEMA} TO deskstream_worker;
    GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA ${SCHEMA} TO deskstream_worker;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${SCHEMA} TO deskstream_worker;
  `);
}
