import { type Logger } from 'pino';
import { Jobs } from '#libs/background/jobs.js';
import { Database, WorkerDatabase } from '#libs/database/database.js';
import { Notifications } from '#libs/database/notifications.js';
import { Replica } from '#libs/database/replica.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type Cipher } from '#libs/platform/cipher.js';
import { type Config } from './config.js';
import { OutageError } from '#libs/platform/domain-error.js';
import { Outage } from '#libs/platform/outage.js';
import { reasonOf } from '#libs/platform/reason.js';
import { STREAMS } from '#libs/resources/resources.js';

/** The resources that the roles of a process share: opened before Nest starts, closed after it has stopped. */
export interface Runtime {
  config: Config;
  logger: Logger;
  cipher: Cipher;
  codec: EventCodec;
  database: Database;
  store: EventStore;
  notifications: Notifications;
  /** Absent unless one is configured. */
  replica?: Replica;
  /** Aborted once the process was told to stop. */
  draining: AbortSignal;
  /** The worker's share; absent in a process that only serves HTTP. */
  worker?: { database: WorkerDatabase; jobs: Jobs };
  close(): Promise<void>;
}

/**
 * Opens everything that the roles of this process need.
 * @param databaseUrl PostgreSQL itself; its login may take on `deskstream_app`, and `deskstream_worker` unless
 *   configured otherwise
 */
export async function openRuntime(
  config: Config,
  logger: Logger,
  cipher: Cipher,
  databaseUrl: string,
  { worker, draining = new AbortController().signal }: { worker: boolean; draining?: AbortSignal },
): Promise<Runtime> {
  const outage = outageOfDatabase(logger);
  const pooler = config.databasePooler;
  const options = {
    pooled: pooler !== undefined,
    prepared: config.databasePreparedStatements,
    poolSize: config.databasePoolSize,
    outage,
  };
  const codec = new EventCodec(STREAMS, cipher);
  const database = await Database.open({ ...options, url: pooler?.url ?? databaseUrl, role: 'deskstream_app' });
  const notifications = new Notifications(databaseUrl);
  const store = new EventStore(database, codec, (organizationId) => {
    notifications.signal(organizationId);
  });
  const replica = openReplica(config, logger, database, notifications);
  const workerUrl = config.databaseWorkerUrl ?? databaseUrl;
  const share = worker && {
    database: await WorkerDatabase.open({
      ...options,
      url: pooler?.workerUrl ?? pooler?.url ?? workerUrl,
      role: 'deskstream_worker',
    }),
    jobs: new Jobs({
      databaseUrl: workerUrl,
      redisUrl: config.redisUrl,
      outage: config.redisUrl ? outageOfJobs(logger) : outage,
      onFailed: reporter(logger),
    }),
  };
  return {
    config,
    logger,
    cipher,
    codec,
    database,
    store,
    notifications,
    replica,
    draining,
    ...(share && { worker: share }),
    close: async () => {
      await replica?.close();
      await notifications.close();
      await Promise.all([database.close(), share && share.database.close()]);
    },
  };
}

function openReplica(
  { databaseReplicaUrl: url, databaseReplicaMaxLagMs: maxLagMs, databasePoolSize: poolSize }: Config,
  logger: Logger,
  database: Database,
  notifications: Notifications,
): Replica | undefined {
  if (url === undefined) return undefined;
  const begins = 'The replica is unavailable; the primary answers its reads until it is back';
  const outage = loggedOutage(logger, 'replica', begins, 'The replica is available again');
  return new Replica({ url, poolSize, maxLagMs, outage, role: 'deskstream_app' }, database, notifications);
}

/** Returns the outages of a part, whose beginnings and ends are logged with these messages. */
function loggedOutage(logger: Logger, part: string, begins: string, ends: string): Outage {
  return new Outage(part, {
    begins: (reason) => {
      logger.warn({ reason }, begins);
    },
    ends: () => {
      logger.info(ends);
    },
  });
}

function outageOfDatabase(logger: Logger): Outage {
  const begins = 'The database is unavailable; requests and deliveries wait or fail until it is back';
  return loggedOutage(logger, 'database', begins, 'The database is available again');
}

function outageOfJobs(logger: Logger): Outage {
  const begins = 'The job queue fails; due deliveries are found in the database';
  return loggedOutage(logger, 'jobs', begins, 'The job queue works again');
}

const REPEAT_MS = 10_000;

/** Logs why jobs fail: the same reason at most every ten seconds. */
function reporter(logger: Logger): (error: Error) => void {
  let last = { reason: '', at: 0 };
  return (error) => {
    if (error instanceof OutageError) return;
    const reason = reasonOf(error);
    if (reason === last.reason && Date.now() - last.at < REPEAT_MS) return;
    last = { reason, at: Date.now() };
    // The error itself is not logged: pools attach the client to it, with all its data.
    logger.warn({ reason }, 'A job failed; another one will find its work');
  };
}
