import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Database } from '#libs/database/database.js';
import { RateLimiter } from '#libs/platform/rate-limiter.js';
import { Health, type HealthAnswer } from '../health.js';
import { type Product } from '../product.js';

/** The answer while requests can be served with less than was configured. */
interface Degraded extends Product {
  status: 'degraded';
  /** What is missing, in words. */
  message: string;
}

const RATE_LIMITS_APART = 'Redis is not available: each process applies the rate limits by itself';

/**
 * Health checks: 200, else 503. A missing Redis for rate limits fails none: a process that left would not be replaced by
 * one that has it.
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
    const answer = this.health.live();
    return (await this.limiter.works()) ? answer : { ...answer, status: 'degraded', message: RATE_LIMITS_APART };
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
