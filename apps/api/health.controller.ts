import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Database } from '#libs/database/database.js';
import { RateLimiter } from '#libs/platform/rate-limiter.js';
import { Health, type HealthAnswer } from '../health.js';

/** The answer while requests can be served with less than was configured. */
interface Degraded extends Omit<HealthAnswer, 'status'> {
  status: 'degraded';
  /** What is missing, in words. */
  message: string;
}

const NO_REPLICA = 'The replica is away or too far behind: the primary answers its reads';
const RATE_LIMITS_APART = 'Redis is not available: each process applies the rate limits by itself';

/**
 * Health checks: 200, else 503. A missing replica, or Redis for rate limits, fails none: a process that left would not be
 * replaced by one that has it.
 */
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: Health,
    private readonly database: Database,
    private readonly limiter: RateLimiter,
  ) {}

  /** Whether requests can be served. */
  @Get()
  async check(): Promise<HealthAnswer | Degraded> {
    await this.database.ping();
    const { replica } = this.health;
    const answer = { ...this.health.live(), ...(replica?.lag && { replica: replica.lag }) };
    const missing = [
      ...((await this.limiter.works()) ? [] : [RATE_LIMITS_APART]),
      ...(replica?.isUsed === false ? [NO_REPLICA] : []),
    ];
    return missing.length === 0 ? answer : { ...answer, status: 'degraded', message: missing.join('. ') };
  }

  @Get('live')
  live(): HealthAnswer {
    return this.health.live();
  }

  @Get('ready')
  ready(): Promise<HealthAnswer> {
    return this.health.ready();
  }
}
