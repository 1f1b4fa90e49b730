import type pg from 'pg';
import { type Places } from '#libs/platform/places.js';

/** The connections of a pool, and who waits for one. */
export interface PoolLoad {
  /** Tells the pool for units of work from the other, which has none. */
  suffix: '' | '_units';
  max: number;
  inUse: number;
  idle: number;
  /** Calls without a connection. */
  waiting: number;
}

/** Returns the load of a pool whose calls take places first. */
export function loadOf(suffix: PoolLoad['suffix'], pool: pg.Pool, { waiting }: Places): PoolLoad {
  const { totalCount, idleCount, waitingCount } = pool;
  return {
    suffix,
    max: pool.options.max,
    inUse: totalCount - idleCount,
    idle: idleCount,
    waiting: waiting + waitingCount,
  };
}
