import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Database } from '#libs/database/database.js';
import { RateLimiter } from '#libs/platform/rate-limiter.js';

/** The answer while requests can be served. */
interface Health {
  /** `degraded`: with less than was configured. */
  status: 'ok' | 'degraded';
  /** What is missing, in words. */
  message?: string;
}

const RATE_LIMITS_APART = 'Redis is not available: each process applies the rate limits by itself';

/**
 * Health check for load balancers and containers: 200 while requests can be served, else 503. A missing Redis for rate
 * limits does not fail it: a process that left would not be replaced by one that has it.
 */
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(
    private readonly database: Database,
    private readonly limiter: RateLimiter,
  ) {}

  @Get()
  async check(): Promise<Health> {
    await this.database.ping();
    return (await this.limiter.works()) ? { status: 'ok' } : { status: 'degraded', message: RATE_LIMITS_APART };
  }
}
