import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

const PREFIX = 'dsk_';

/** The form of a token that an operator chooses: hard to guess, and safe in a header. */
export const API_TOKEN_PATTERN = /^[\w-]{32,128}$/;

/** A new token: 256 random bits behind a prefix that secret scanners can look for. */
export function mintApiToken(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

/** SHA-256 in hex: what is stored. A fast hash suffices, as the token is random. */
export function hashApiToken(token: string): string {
  return hash('sha256', token, 'hex');
}

/** Compares two hashes without telling by the time taken where they differ. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
