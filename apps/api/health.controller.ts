import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Database } from '#libs/database/database.js';
import { RateLimiter } from '#libs/platform/rate-limiter.js';
import { Health, type HealthAnswer } from '../health.js';

/** The response while requests can be served, but a configured service is missing. */
interface Degraded extends Omit<HealthAnswer, 'status'> {
  status: 'degraded';
  /** The missing service, in words. */
  message: string;
}

const NO_REPLICA = 'The replica is unavailable or too far behind: the primary answers its reads';
const RATE_LIMITS_APART = 'Redis is unavailable: each process applies the rate limits by itself';

/**
 * Health checks: 200, else 503. They do not fail when the replica, or Redis for rate limits, is missing: other
 * processes would lack it as well.
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
