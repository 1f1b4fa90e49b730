import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

const PREFIX = 'dsk_';

/** The form of a token, also of one that an operator chooses: hard to guess, and safe in a header. */
export const API_TOKEN_PATTERN = /^[\w-]{32,128}$/;

/** Returns a new token: 256 random bits after a prefix that secret scanners can recognize. */
export function mintApiToken(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

/** Returns the SHA-256 in hex, which is stored. A fast hash suffices, since the token is random. */
export function hashApiToken(token: string): string {
  return hash('sha256', token, 'hex');
}

/** Compares two hashes in constant time. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
