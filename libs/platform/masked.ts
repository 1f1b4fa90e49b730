import { isRecord } from './values.js';

/** The text that replaces a secret. */
export const MASK = '***';

/** Returns a secret masked for unauthorized readers; of an object, field names remain. */
export function masked<T>(secret: T): T;
export function masked(secret: unknown): unknown {
  if (!isRecord(secret)) return MASK;
  return Object.fromEntries(Object.entries(secret).map(([name, value]) => [name, masked(value)]));
}
