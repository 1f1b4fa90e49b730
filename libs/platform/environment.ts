import { isIP } from 'node:net';
import { Transform } from 'class-transformer';
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
} from 'class-validator';
import ipaddr from 'ipaddr.js';
import { faultOfBurst, MAX_PER_SECOND } from './rate-limits.js';

const number = Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? Number(value) : value));
/** A number, or `none`. */
const numberOrNone = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? (value === 'none' ? null : Number(value)) : value,
);
/** A number within bounds. */
const within = (kind: PropertyDecorator, min: number, max: number): PropertyDecorator => {
  const message = `$property must be ${min} to ${max}`;
  return (target, name) => {
    for (const decorate of [number, kind, Min(min, { message }), Max(max, { message })]) decorate(target, name);
  };
};
const whole = (min: number, max: number) => within(IsInt({ message: '$property must be a whole number' }), min, max);
const decimal = (min: number, max: number) => within(IsNumber({}, { message: '$property must be a number' }), min, max);
/** A comma-separated list; `none` is an empty one. */
const list = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? (value === 'none' ? [] : value.split(',').map((item) => item.trim())) : value,
);
const numbers = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? value.split(',').map(Number) : value,
);
const Each = (name: string, holds: (item: string) => boolean, message: string) =>
  ValidateBy({ name, validator: { validate: holds, defaultMessage: () => message } }, { each: true });
/** An address with an optional port: `192.0.2.53:5353`, `[2001:db8::53]:5353`. */
const isDnsServer = (text: string) => isIP(text) > 0 || isIP(/^\[?(.+?)\]?(:\d{1,5})?$/.exec(text)?.[1] ?? '') > 0;
/** As browsers send it, without a path or closing slash. */
const isOrigin = (text: string) =>
  text === '*' || (/^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text);
const isAddress = (text: string) => isIP(text) > 0 || ipaddr.isValidCIDR(text);
/** Undefined if it is not a URL. */
const loginOf = (url: unknown) => (typeof url === 'string' && URL.canParse(url) ? new URL(url).username : undefined);
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const POSTGRES_URL = { protocols: ['postgres', 'postgresql'], require_tld: false, require_protocol: true };

/** The form of a token that an operator chooses: hard to guess, and safe in a header. */
export const API_TOKEN_PATTERN = /^[\w-]{32,128}$/;

/** The environment variables of Deskstream, with their defaults. `.env.example` explains each. */
export class Environment {
  @whole(0, 65_535)
  PORT = 3000;

  @MinLength(1, { message: 'HOST must not be empty' })
  HOST = 'localhost';

  @IsOptional()
  @ValidateBy({
    name: 'origin',
    validator: {
      validate: (url) => typeof url === 'string' && url !== '*' && isOrigin(url),
      defaultMessage: () => 'PUBLIC_URL must be an origin such as https://support.example, without a path',
    },
  })
  PUBLIC_URL?: string;

  @decimal(0.1, 300)
  HTTP_HEADERS_TIMEOUT_SECONDS = 10;

  @decimal(0.1, 300)
  HTTP_REQUEST_TIMEOUT_SECONDS = 30;

  @decimal(0.1, 3600)
  HTTP_IDLE_TIMEOUT_SECONDS = 72;

  @whole(1, 1_000_000)
  HTTP_MAX_CONNECTIONS = 10_000;

  @list
  @Each('origin', isOrigin, 'CORS_ORIGINS must be origins such as https://app.example, or *')
  CORS_ORIGINS: string[] = [];

  @IsIn(LOG_LEVELS, { message: `LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}` })
  LOG_LEVEL: (typeof LOG_LEVELS)[number] = 'info';

  @whole(0, 3600)
  EVENT_LOOP_TIMEOUT_SECONDS = 30;

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

  @whole(1, 200)
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

  @whole(5, 86_400)
  PRESENCE_TIMEOUT_SECONDS = 300;

  @decimal(0.1, 60)
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

  @whole(1, 3650)
  WEBHOOK_RETENTION_DAYS = 30;

  @whole(1, 3650)
  WEBHOOK_DELIVERY_RETENTION_DAYS = 365;

  @whole(1, 100_000)
  EVENTS_MAX_READERS = 1000;

  @whole(1, 100_000)
  EVENTS_MAX_READERS_PER_ORGANIZATION = 200;

  @whole(1, 100_000)
  EVENTS_MAX_READERS_PER_TOKEN = 20;

  @decimal(0.1, 25)
  EVENTS_HEARTBEAT_SECONDS = 15;

  @IsOptional()
  @whole(0, 65_535)
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
