import { isRecord } from './values.js';

/** What those see of a secret who may not know it. */
export const MASK = '***';

/** A secret as those see it who may not know it; of an object the names of its fields show. */
export function masked<T>(secret: T): T;
export function masked(secret: unknown): unknown {
  if (!isRecord(secret)) return MASK;
  return Object.fromEntries(Object.entries(secret).map(([name, value]) => [name, masked(value)]));
}
