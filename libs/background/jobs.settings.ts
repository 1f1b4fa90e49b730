import { IsOptional, IsString, ValidateBy } from 'class-validator';
import { faultOfRedisUrl } from '#libs/platform/redis-url.js';
import { Setting } from '#libs/platform/settings.js';

/** The variables of the job queue and of shared rate limits. */
export class JobsSettings {
  @Setting(
    "Redis or Valkey for BullMQ's jobs and for rate limits: `redis://…`, or `rediss://…` with TLS; see [Redis or Valkey](#redis-or-valkey). Without it, jobs are in PostgreSQL, and each process counts requests on its own.",
  )
  @IsOptional()
  @IsString()
  @ValidateBy({
    name: 'redisUrl',
    validator: {
      validate: (url: string) => faultOfRedisUrl(url) === undefined,
      defaultMessage: (args) => faultOfRedisUrl(args?.value as string) ?? '',
    },
  })
  REDIS_URL?: string;
}
