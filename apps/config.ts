import { resolve } from 'node:path';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { PresenceSettings } from '#libs/agents/presence.settings.js';
import { JobsSettings } from '#libs/background/jobs.settings.js';
import { DatabaseSettings } from '#libs/database/database.settings.js';
import { EventsSettings } from '#libs/events/events.settings.js';
import { HttpSettings } from '#libs/http/http.settings.js';
import { RateLimitSettings } from '#libs/platform/rate-limits.settings.js';
import { type RateLimits } from '#libs/platform/rate-limits.js';
import { documentedSettings, type SettingsType } from '#libs/platform/settings.js';
import { OperatorSettings, type OperatorWebhook } from '#libs/webhooks/operator.settings.js';
import { WebhookSettings } from '#libs/webhooks/webhooks.settings.js';
import { InstallationSettings } from './installation.settings.js';
import { ProcessSettings } from './process.settings.js';
import { type Product, VERSION } from './product.js';
import { JobsBoardSettings } from './worker/jobs-board.settings.js';

/** The environment variables of Deskstream by their owners, in the order of the documentation. */
export const SETTINGS = [
  ProcessSettings,
  InstallationSettings,
  HttpSettings,
  RateLimitSettings,
  DatabaseSettings,
  JobsSettings,
  JobsBoardSettings,
  PresenceSettings,
  WebhookSettings,
  OperatorSettings,
  EventsSettings,
] as const satisfies SettingsType[];

type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;
type Environment = Intersection<InstanceType<(typeof SETTINGS)[number]>>;

/** The configuration, validated once and never changed. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** The origin at which clients reach the API. Absent: the origin of each request. */
  readonly publicUrl?: string;
  readonly http: {
    /** Maximum time until all headers of a request arrive. */
    readonly headersTimeoutMs: number;
    /** Maximum time until a whole request arrives. */
    readonly requestTimeoutMs: number;
    /** Time after which an idle connection is closed. */
    readonly idleTimeoutMs: number;
    readonly maxConnections: number;
    /** Origins whose scripts may call the API from browsers; `*` is all. */
    readonly corsOrigins: readonly string[];
  };
  readonly logLevel: string;
  readonly product: Product;
  /** Time for which the API continues to serve after it was told to stop. */
  readonly shutdownDelayMs: number;
  /** Minimum duration of requests that are logged as slow. */
  readonly logSlowMs: number;
  /** Time that the event loop may block before the process exits; 0 is unlimited. */
  readonly eventLoopTimeoutSeconds: number;
  /** Absolute path. */
  readonly dataDir: string;
  readonly bootstrapToken?: string;
  /** 32 bytes in hex. */
  readonly masterKey?: string;
  /** The address of PostgreSQL itself, like the next two. Absent: the embedded PostgreSQL. */
  readonly databaseUrl?: string;
  /** The URL for migrations; `databaseUrl` unless given. */
  readonly databaseOwnerUrl?: string;
  /** The URL for the worker's role, so that the login of `databaseUrl` need not have it; `databaseUrl` unless given. */
  readonly databaseWorkerUrl?: string;
  /** The same through a pooler, for work that needs no session of its own. Absent: no pooler. */
  readonly databasePooler?: { readonly url: string; readonly workerUrl?: string };
  readonly databasePreparedStatements: boolean;
  readonly databasePoolSize: number;
  /** Absent: the primary answers all reads. */
  readonly databaseReplicaUrl?: string;
  /** Maximum age of the state that the replica reads from. */
  readonly databaseReplicaMaxLagMs: number;
  /** Addresses and networks of proxies that may name a request's client. */
  readonly trustedProxies: readonly string[];
  /** See `RateLimits`. */
  readonly rateLimits: RateLimits;
  /** Time that an agent stays online without a heartbeat. */
  readonly presenceTimeoutSeconds: number;
  /** Absent: BullMQ on PostgreSQL. */
  readonly redisUrl?: string;
  /** Absent: there is none. */
  readonly jobsBoard?: { readonly token: string; readonly port: number; readonly writable: boolean };
  /** Absent: no metrics are served. */
  readonly metricsPort?: number;
  /** Absent: a worker answers no health checks. */
  readonly workerPort?: number;
  /** Absent: no traces are made. */
  readonly otlpEndpoint?: string;
  /** See `WebhookOptions`. */
  readonly webhooks: {
    readonly timeoutMs: number;
    readonly retrySchedule: readonly number[];
    readonly allowedNetworks: readonly string[];
    readonly allowedPorts: readonly number[];
    readonly dnsServers: readonly string[];
    readonly retentionDays: number;
    readonly deliveryRetentionDays: number;
  };
  readonly operator: OperatorWebhook;
  /** See `FeedOptions`. */
  readonly feed: {
    readonly maxReaders: number;
    readonly maxReadersPerOrganization: number;
    readonly maxReadersPerToken: number;
    readonly heartbeatMs: number;
  };
}

/** Reports an invalid configuration; the message lists all faults. */
export class InvalidConfig extends Error {
  override readonly name = 'InvalidConfig';
  constructor(faults: string[]) {
    super(['The configuration is not valid:', ...faults.map((fault) => `  - ${fault}`)].join('\n'));
  }
}

const LOOPBACK = '127.0.0.0/8,::1/128';

/**
 * @param defaults of the program, where they differ from those of the settings
 * @throws {InvalidConfig}
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, defaults: NodeJS.ProcessEnv = {}): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const given = { ...defaults, ...set };
  const parts = SETTINGS.map((type) => partOf(type, given));
  const faults = parts.flatMap((part) => validateSync(part, { stopAtFirstError: true }));
  if (faults.length > 0) throw new InvalidConfig(faults.flatMap((fault) => Object.values(fault.constraints ?? {})));
  const environment = Object.assign({}, ...parts) as Environment;
  return Object.freeze({
    port: environment.PORT,
    host: environment.HOST,
    publicUrl: environment.PUBLIC_URL,
    http: Object.freeze({
      headersTimeoutMs: environment.HTTP_HEADERS_TIMEOUT_SECONDS * 1000,
      requestTimeoutMs: environment.HTTP_REQUEST_TIMEOUT_SECONDS * 1000,
      idleTimeoutMs: environment.HTTP_IDLE_TIMEOUT_SECONDS * 1000,
      maxConnections: environment.HTTP_MAX_CONNECTIONS,
      corsOrigins: environment.CORS_ORIGINS,
    }),
    logLevel: environment.LOG_LEVEL,
    product: productOf(environment),
    shutdownDelayMs: environment.SHUTDOWN_DELAY_SECONDS * 1000,
    logSlowMs: environment.LOG_SLOW_MS,
    eventLoopTimeoutSeconds: environment.EVENT_LOOP_TIMEOUT_SECONDS,
    dataDir: resolve(environment.DESKSTREAM_DATA_DIR),
    bootstrapToken: environment.DESKSTREAM_BOOTSTRAP_TOKEN,
    masterKey: environment.DESKSTREAM_MASTER_KEY,
    ...databases(environment),
    databasePreparedStatements: environment.DATABASE_PREPARED_STATEMENTS,
    databasePoolSize: environment.DATABASE_POOL_SIZE,
    databaseReplicaUrl: environment.DATABASE_REPLICA_URL,
    databaseReplicaMaxLagMs: environment.DATABASE_REPLICA_MAX_LAG_MS,
    trustedProxies: environment.TRUSTED_PROXIES,
    rateLimits: rateLimits(environment),
    presenceTimeoutSeconds: environment.PRESENCE_TIMEOUT_SECONDS,
    redisUrl: environment.REDIS_URL,
    jobsBoard: jobsBoard(environment),
    metricsPort: environment.METRICS_PORT,
    workerPort: environment.WORKER_PORT,
    otlpEndpoint: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
    webhooks: webhookOptions(environment),
    operator: operatorWebhook(environment),
    feed: Object.freeze({
      maxReaders: environment.EVENTS_MAX_READERS,
      maxReadersPerOrganization: environment.EVENTS_MAX_READERS_PER_ORGANIZATION,
      maxReadersPerToken: environment.EVENTS_MAX_READERS_PER_TOKEN,
      heartbeatMs: environment.EVENTS_HEARTBEAT_SECONDS * 1000,
    }),
  });
}

/** The variables of one owner. */
function partOf(type: SettingsType, given: Record<string, unknown>): object {
  const names = documentedSettings(type).map(({ name }) => name);
  const own = Object.fromEntries(names.filter((name) => name in given).map((name) => [name, given[name]]));
  return plainToInstance<object, object>(type, own, { exposeDefaultValues: true });
}

function databases(environment: Environment) {
  const { DATABASE_URL: url, DATABASE_WORKER_URL: workerUrl, DATABASE_DIRECT_URL: address } = environment;
  const direct = (one?: string) => (one !== undefined && address !== undefined ? withLoginOf(one, address) : one);
  return {
    databaseUrl: direct(url),
    databaseOwnerUrl: direct(environment.DATABASE_OWNER_URL ?? url),
    databaseWorkerUrl: direct(workerUrl),
    ...(url !== undefined && address !== undefined && { databasePooler: Object.freeze({ url, workerUrl }) }),
  };
}

function withLoginOf(url: string, address: string): string {
  const { username, password } = new URL(url);
  return Object.assign(new URL(address), { username, password }).href;
}

function productOf({ DESKSTREAM_COMMIT: commit }: Environment): Product {
  return Object.freeze({ version: VERSION, ...(commit !== undefined && { commit }) });
}

function rateLimits(environment: Environment): RateLimits {
  const { RATE_LIMIT_PER_SECOND: perSecond, RATE_LIMIT_FAILURES_PER_SECOND: failures, REDIS_URL } = environment;
  return Object.freeze({
    ...(perSecond !== null && { perToken: { perSecond, burst: environment.RATE_LIMIT_BURST ?? 2 * perSecond } }),
    ...(failures !== null && { failures: { perSecond: failures, burst: 2 * failures } }),
    redisUrl: REDIS_URL,
  });
}

function jobsBoard({ JOBS_BOARD_TOKEN: token, JOBS_BOARD_PORT: port, JOBS_BOARD_WRITABLE: writable }: Environment) {
  return token === undefined ? undefined : Object.freeze({ token, port, writable });
}

function operatorWebhook({ OPERATOR_WEBHOOK_URL: url, OPERATOR_WEBHOOK_SECRET: secretKey }: Environment) {
  return Object.freeze(url && secretKey ? { receiver: { url, secretKey } } : {});
}

/**
 * Receivers on this machine are for trials. Only the embedded database, which is for trials too, allows them by
 * default.
 */
function webhookOptions(environment: Environment): Config['webhooks'] {
  const { WEBHOOK_ALLOWED_NETWORKS: networks, DATABASE_URL } = environment;
  return Object.freeze({
    timeoutMs: environment.WEBHOOK_TIMEOUT_SECONDS * 1000,
    retrySchedule: environment.WEBHOOK_RETRY_SCHEDULE.map((seconds) => seconds * 1000),
    allowedNetworks: networks ?? (DATABASE_URL ? [] : LOOPBACK.split(',')),
    allowedPorts: environment.WEBHOOK_ALLOWED_PORTS.map(Number),
    dnsServers: environment.WEBHOOK_DNS_SERVERS,
    retentionDays: environment.WEBHOOK_RETENTION_DAYS,
    deliveryRetentionDays: environment.WEBHOOK_DELIVERY_RETENTION_DAYS,
  });
}
