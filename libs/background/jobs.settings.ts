import { IsOptional, IsString, Matches } from 'class-validator';
import { Setting } from '#libs/platform/settings.js';

/** The variables of the job queue and of shared rate limits. */
export class JobsSettings {
  @Setting(
    "Redis or Valkey for BullMQ's jobs and for rate limits: `redis://…` or `rediss://…`. Without it, jobs are in PostgreSQL, and each process counts requests on its own.",
  )
  @IsOptional()
  @IsString()
  @Matches(/^rediss?:\/\/.+/, { message: 'REDIS_URL must look like redis://host:6379' })
  REDIS_URL?: string;
}
