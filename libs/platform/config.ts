import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { plainToInstance, Transform } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsPort,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateBy,
  validateSync,
} from 'class-validator';
import ipaddr from 'ipaddr.js';
import { faultOfBurst, MAX_PER_SECOND, type RateLimits } from './rate-limits.js';

const number = Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? Number(value) : value));
/** The same, or `none`. */
const numberOrNone = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? (value === 'none' ? null : Number(value)) : value,
);
/** A list, its items parted by commas; `none` is an empty one. */
const list = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? (value === 'none' ? [] : value.split(',').map((item) => item.trim())) : value,
);
const numbers = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? value.split(',').map(Number) : value,
);
const Each = (name: string, holds: (item: string) => boolean, message: string) =>
  ValidateBy({ name, validator: { validate: holds, defaultMessage: () => message } }, { each: true });
const LOOPBACK = '127.0.0.0/8,::1/128';
/** An address, with a port if need be: `192.0.2.53:5353`, `[2001:db8::53]:5353`. */
const isDnsServer = (text: string) => isIP(text) > 0 || isIP(/^\[?(.+?)\]?(:\d{1,5})?$/.exec(text)?.[1] ?? '') > 0;
const isAddress = (text: string) => isIP(text) > 0 || ipaddr.isValidCIDR(text);
/** Nothing for what is no URL. */
const loginOf = (url: unknown) => (typeof url === 'string' && URL.canParse(url) ? new URL(url).username : undefined);
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const POSTGRES_URL = { protocols: ['postgres', 'postgresql'], require_tld: false, require_protocol: true };

/** What an operator may choose as a token: long enough not to be guessed, and safe in a header. */
export const API_TOKEN_PATTERN = /^[\w-]{32,128}$/;

/** The environment variables that Deskstream knows, with their defaults. `.env.example` explains each. */
class Environment {
  @number
  @IsInt({ message: 'PORT must be a whole number' })
  @Min(0, { message: 'PORT must be 0 to 65535' })
  @Max(65_535, { message: 'PORT must be 0 to 65535' })
  PORT = 3000;

  @MinLength(1, { message: 'HOST must not be empty' })
  HOST = 'localhost';

  @IsIn(LOG_LEVELS, { message: `LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}` })
  LOG_LEVEL: (typeof LOG_LEVELS)[number] = 'info';

  @MinLength(1, { message: 'DESKSTREAM_DATA_DIR must not be empty' })
  DESKSTREAM_DATA_DIR = '.deskstream';

  @IsOptional()
  @Matches(API_TOKEN_PATTERN, {
    message:
      'DESKSTREAM_BOOTSTRAP_TOKEN must have 32 to 128 letters, digits, "_" or "-" (openssl rand -hex 32 makes one)',
  })
  DESKSTREAM_BOOTSTRAP_TOKEN?: string;

  @IsOptional()
  @Matches(/^[0-9a-fA-F]{64}$/, {
    message: 'DESKSTREAM_MASTER_KEY must be 32 bytes in hex (openssl rand -hex 32 makes one)',
  })
  DESKSTREAM_MASTER_KEY?: string;

  @IsOptional()
  @IsUrl(POSTGRES_URL, { message: 'DATABASE_URL must look like postgres://user:password@host:5432/database' })
  DATABASE_URL?: string;

  @IsOptional()
  @IsUrl(POSTGRES_URL, { message: 'DATABASE_OWNER_URL must look like postgres://user:password@host:5432/database' })
  DATABASE_OWNER_URL?: string;

  @number
  @IsInt({ message: 'DATABASE_POOL_SIZE must be a whole number' })
  @Min(1, { message: 'DATABASE_POOL_SIZE must be 1 to 200' })
  @Max(200, { message: 'DATABASE_POOL_SIZE must be 1 to 200' })
  DATABASE_POOL_SIZE = 10;

  @IsOptional()
  @IsUrl(POSTGRES_URL, { message: 'DATABASE_WORKER_URL must look like postgres://user:password@host:5432/database' })
  @ValidateBy({
    name: 'apart',
    validator: {
      validate: (url, args) => {
        const other = loginOf((args?.object as Environment).DATABASE_URL);
        return other !== undefined && other !== loginOf(url);
      },
      defaultMessage: () => 'DATABASE_WORKER_URL must have another login than DATABASE_URL, which must be set as well',
    },
  })
  DATABASE_WORKER_URL?: string;

  @list
  @Each('address', isAddress, 'TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8')
  TRUSTED_PROXIES: string[] = [];

  @numberOrNone
  @IsOptional()
  @IsInt({ message: 'RATE_LIMIT_PER_SECOND must be a whole number, or none' })
  @Min(1, { message: 'RATE_LIMIT_PER_SECOND must be 1 to 1000000, or none' })
  @Max(MAX_PER_SECOND, { message: 'RATE_LIMIT_PER_SECOND must be 1 to 1000000, or none' })
  RATE_LIMIT_PER_SECOND: number | null = 100;

  @IsOptional()
  @number
  @ValidateBy({
    name: 'burst',
    validator: {
      validate: (burst: number, args) => {
        const perSecond = (args?.object as Environment).RATE_LIMIT_PER_SECOND;
        return perSecond === null || faultOfBurst({ perSecond, burst }) === undefined;
      },
      defaultMessage: () => 'RATE_LIMIT_BURST must be a multiple of RATE_LIMIT_PER_SECOND, at most 3600 times as many',
    },
  })
  RATE_LIMIT_BURST?: number;

  @numberOrNone
  @IsOptional()
  @IsInt({ message: 'RATE_LIMIT_FAILURES_PER_SECOND must be a whole number, or none' })
  @Min(1, { message: 'RATE_LIMIT_FAILURES_PER_SECOND must be 1 to 1000000, or none' })
  @Max(MAX_PER_SECOND, { message: 'RATE_LIMIT_FAILURES_PER_SECOND must be 1 to 1000000, or none' })
  RATE_LIMIT_FAILURES_PER_SECOND: number | null = 20;

  @number
  @IsInt({ message: 'PRESENCE_TIMEOUT_SECONDS must be a whole number' })
  @Min(5, { message: 'PRESENCE_TIMEOUT_SECONDS must be 5 to 86400' })
  @Max(86_400, { message: 'PRESENCE_TIMEOUT_SECONDS must be 5 to 86400' })
  PRESENCE_TIMEOUT_SECONDS = 300;

  @number
  @IsNumber({}, { message: 'WEBHOOK_TIMEOUT_SECONDS must be a number' })
  @Min(0.1, { message: 'WEBHOOK_TIMEOUT_SECONDS must be 0.1 to 60' })
  @Max(60, { message: 'WEBHOOK_TIMEOUT_SECONDS must be 0.1 to 60' })
  WEBHOOK_TIMEOUT_SECONDS = 15;

  @numbers
  @IsNumber({}, { each: true, message: 'WEBHOOK_RETRY_SCHEDULE must be seconds such as 5,300,1800' })
  @Min(0.01, { each: true, message: 'WEBHOOK_RETRY_SCHEDULE must be pauses of 0.01 to 604800 seconds' })
  @Max(604_800, { each: true, message: 'WEBHOOK_RETRY_SCHEDULE must be pauses of 0.01 to 604800 seconds' })
  WEBHOOK_RETRY_SCHEDULE = [5, 300, 1800, 7200, 18_000, 36_000, 36_000];

  @IsOptional()
  @list
  @Each('cidr', (item) => ipaddr.isValidCIDR(item), 'WEBHOOK_ALLOWED_NETWORKS must be networks such as 10.0.0.0/8')
  WEBHOOK_ALLOWED_NETWORKS?: string[];

  @list
  @IsPort({ each: true, message: 'WEBHOOK_ALLOWED_PORTS must be ports such as 80,443' })
  WEBHOOK_ALLOWED_PORTS = ['80', '443', '8080', '8443'];

  @list
  @Each('dns', isDnsServer, 'WEBHOOK_DNS_SERVERS must be addresses')
  WEBHOOK_DNS_SERVERS: string[] = [];

  @number
  @IsInt({ message: 'WEBHOOK_RETENTION_DAYS must be a whole number' })
  @Min(1, { message: 'WEBHOOK_RETENTION_DAYS must be 1 to 3650' })
  @Max(3650, { message: 'WEBHOOK_RETENTION_DAYS must be 1 to 3650' })
  WEBHOOK_RETENTION_DAYS = 30;

  @number
  @IsInt({ message: 'WEBHOOK_DELIVERY_RETENTION_DAYS must be a whole number' })
  @Min(1, { message: 'WEBHOOK_DELIVERY_RETENTION_DAYS must be 1 to 3650' })
  @Max(3650, { message: 'WEBHOOK_DELIVERY_RETENTION_DAYS must be 1 to 3650' })
  WEBHOOK_DELIVERY_RETENTION_DAYS = 365;

  @number
  @IsInt({ message: 'EVENTS_MAX_READERS must be a whole number' })
  @Min(1, { message: 'EVENTS_MAX_READERS must be 1 to 100000' })
  @Max(100_000, { message: 'EVENTS_MAX_READERS must be 1 to 100000' })
  EVENTS_MAX_READERS = 1000;

  @number
  @IsInt({ message: 'EVENTS_MAX_READERS_PER_TOKEN must be a whole number' })
  @Min(1, { message: 'EVENTS_MAX_READERS_PER_TOKEN must be 1 to 100000' })
  @Max(100_000, { message: 'EVENTS_MAX_READERS_PER_TOKEN must be 1 to 100000' })
  EVENTS_MAX_READERS_PER_TOKEN = 20;

  @number
  @IsNumber({}, { message: 'EVENTS_HEARTBEAT_SECONDS must be a number' })
  @Min(0.1, { message: 'EVENTS_HEARTBEAT_SECONDS must be 0.1 to 25' })
  @Max(25, { message: 'EVENTS_HEARTBEAT_SECONDS must be 0.1 to 25' })
  EVENTS_HEARTBEAT_SECONDS = 15;

  @IsOptional()
  @number
  @IsInt({ message: 'METRICS_PORT must be a whole number' })
  @Min(0, { message: 'METRICS_PORT must be 0 to 65535' })
  @Max(65_535, { message: 'METRICS_PORT must be 0 to 65535' })
  @ValidateBy({
    name: 'apart',
    validator: {
      validate: (port, args) => port === 0 || port !== (args?.object as Environment).PORT,
      defaultMessage: () => 'METRICS_PORT must be another than PORT',
    },
  })
  METRICS_PORT?: number;

  @IsOptional()
  @IsString()
  @Matches(/^rediss?:\/\/.+/, { message: 'REDIS_URL must look like redis://host:6379' })
  REDIS_URL?: string;
}

/** The configuration, validated once and never changed. */
export interface Config {
  readonly port: number;
  readonly host: string;
  readonly logLevel: string;
  /** Absolute path. */
  readonly dataDir: string;
  readonly bootstrapToken?: string;
  /** 32 bytes in hex. */
  readonly masterKey?: string;
  /** Absent: the embedded PostgreSQL. */
  readonly databaseUrl?: string;
  /** For migrations; `databaseUrl` unless given. */
  readonly databaseOwnerUrl?: string;
  /** For the worker's role, so that the login of `databaseUrl` need not have it; `databaseUrl` unless given. */
  readonly databaseWorkerUrl?: string;
  readonly databasePoolSize: number;
  /** Addresses and networks whose word is taken for where a request comes from. */
  readonly trustedProxies: readonly string[];
  /** See `RateLimits`. */
  readonly rateLimits: RateLimits;
  /** For how long an agent counts as online without a heartbeat. */
  readonly presenceTimeoutSeconds: number;
  /** Absent: BullMQ on PostgreSQL. */
  readonly redisUrl?: string;
  /** Absent: no metrics are served. */
  readonly metricsPort?: number;
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
  /** See `FeedOptions`. */
  readonly feed: {
    readonly maxReaders: number;
    readonly maxReadersPerToken: number;
    readonly heartbeatMs: number;
  };
}

/** The configuration has faults; the message lists them all. */
export class InvalidConfig extends Error {
  override readonly name = 'InvalidConfig';
  constructor(faults: string[]) {
    super(['The configuration is not valid:', ...faults.map((fault) => `  - ${fault}`)].join('\n'));
  }
}

/** @throws {InvalidConfig} */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const environment = plainToInstance(Environment, given, { exposeDefaultValues: true });
  const faults = validateSync(environment, { stopAtFirstError: true });
  if (faults.length > 0) throw new InvalidConfig(faults.flatMap((fault) => Object.values(fault.constraints ?? {})));
  return Object.freeze({
    port: environment.PORT,
    host: environment.HOST,
    logLevel: environment.LOG_LEVEL,
    dataDir: resolve(environment.DESKSTREAM_DATA_DIR),
    bootstrapToken: environment.DESKSTREAM_BOOTSTRAP_TOKEN,
    masterKey: environment.DESKSTREAM_MASTER_KEY,
    databaseUrl: environment.DATABASE_URL,
    databaseOwnerUrl: environment.DATABASE_OWNER_URL ?? environment.DATABASE_URL,
    databaseWorkerUrl: environment.DATABASE_WORKER_URL,
    databasePoolSize: environment.DATABASE_POOL_SIZE,
    trustedProxies: environment.TRUSTED_PROXIES,
    rateLimits: rateLimits(environment),
    presenceTimeoutSeconds: environment.PRESENCE_TIMEOUT_SECONDS,
    redisUrl: environment.REDIS_URL,
    metricsPort: environment.METRICS_PORT,
    webhooks: webhookOptions(environment),
    feed: Object.freeze({
      maxReaders: environment.EVENTS_MAX_READERS,
      maxReadersPerToken: environment.EVENTS_MAX_READERS_PER_TOKEN,
      heartbeatMs: environment.EVENTS_HEARTBEAT_SECONDS * 1000,
    }),
  });
}

function rateLimits(environment: Environment): RateLimits {
  const { RATE_LIMIT_PER_SECOND: perSecond, RATE_LIMIT_FAILURES_PER_SECOND: failures, REDIS_URL } = environment;
  return Object.freeze({
    ...(perSecond !== null && { perToken: { perSecond, burst: environment.RATE_LIMIT_BURST ?? 2 * perSecond } }),
    ...(failures !== null && { failures: { perSecond: failures, burst: 2 * failures } }),
    redisUrl: REDIS_URL,
  });
}

/** Receivers on this machine are for trying things out, which is what the embedded database is for, too. */
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
