import { IsInt, IsOptional, Max, Min, ValidateBy } from 'class-validator';
import { AsNumber, AsNumberOrNone, Setting } from './settings.js';
import { faultOfBurst, MAX_PER_SECOND } from './rate-limits.js';

/** The variables of rate limits. */
export class RateLimitSettings {
  @Setting(
    'Sustained requests per second for each API token, 1 to 1000000, or `none`. See [Rate limits](#rate-limits).',
  )
  @AsNumberOrNone
  @IsOptional()
  @IsInt({ message: 'RATE_LIMIT_PER_SECOND must be a whole number, or none' })
  @Min(1, { message: 'RATE_LIMIT_PER_SECOND must be 1 to 1000000, or none' })
  @Max(MAX_PER_SECOND, { message: 'RATE_LIMIT_PER_SECOND must be 1 to 1000000, or none' })
  RATE_LIMIT_PER_SECOND: number | null = 100;

  @Setting(
    'Burst of requests for each API token: a multiple of `RATE_LIMIT_PER_SECOND`, at most 3600 times its value. Default: twice the rate.',
  )
  @IsOptional()
  @AsNumber
  @ValidateBy({
    name: 'burst',
    validator: {
      validate: (burst: number, args) => {
        const perSecond = (args?.object as RateLimitSettings).RATE_LIMIT_PER_SECOND;
        return perSecond === null || faultOfBurst({ perSecond, burst }) === undefined;
      },
      defaultMessage: () => 'RATE_LIMIT_BURST must be a multiple of RATE_LIMIT_PER_SECOND, at most 3600 times as many',
    },
  })
  RATE_LIMIT_BURST?: number;

  @Setting(
    'Requests per second for each client whose token is not valid, 1 to 1000000, or `none`. Bursts can be twice as large.',
  )
  @AsNumberOrNone
  @IsOptional()
  @IsInt({ message: 'RATE_LIMIT_FAILURES_PER_SECOND must be a whole number, or none' })
  @Min(1, { message: 'RATE_LIMIT_FAILURES_PER_SECOND must be 1 to 1000000, or none' })
  @Max(MAX_PER_SECOND, { message: 'RATE_LIMIT_FAILURES_PER_SECOND must be 1 to 1000000, or none' })
  RATE_LIMIT_FAILURES_PER_SECOND: number | null = 20;
}
