import { createHmac, timingSafeEqual } from 'node:crypto';

/** Header values by their lower-case names, as Node has them. */
type Headers = Record<string, string | string[] | undefined>;

/** An older delivery may be a replay of one that somebody recorded. */
const TOLERANCE_MS = 5 * 60_000;

/**
 * Returns why a delivery must not be trusted, or undefined. Checks the headers of Standard Webhooks.
 * @param body the received bytes
 * @param secretKey the key of the subscription, in hex
 */
export function faultOfSignature(headers: Headers, body: Buffer, secretKey: string): string | undefined {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) => headers[`webhook-${name}`]);
  if (!id || !timestamp || !signatures) return 'webhook-id, webhook-timestamp or webhook-signature is missing';
  if (!isRecent(Number(timestamp) * 1000)) return 'webhook-timestamp is more than 5 minutes off';
  const expected = hmac(secretKey, `${String(id)}.${String(timestamp)}.`, body).toString('base64');
  const matches = String(signatures)
    .split(' ')
    .some((signature) => areEqual(signature, `v1,${expected}`));
  return matches ? undefined : 'no signature in webhook-signature fits this key and this body';
}

/** Returns the same for the header X-DIXA-SIGNATURE. */
export function faultOfDixaSignature(headers: Headers, body: Buffer, secretKey: string): string | undefined {
  const [time = '', ...signatures] = String(headers['x-dixa-signature'] ?? '').split(',');
  const timestamp = time.replace(/^t=/, '');
  if (!timestamp) return 'x-dixa-signature is missing';
  if (!isRecent(Number(timestamp))) return 'the time in x-dixa-signature is more than 5 minutes off';
  const expected = hmac(secretKey, `${timestamp}.`, body).toString('hex');
  const matches = signatures.some((signature) => areEqual(signature, `v1=${expected}`));
  return matches ? undefined : 'no signature in x-dixa-signature fits this key and this body';
}

function isRecent(milliseconds: number): boolean {
  return Math.abs(Date.now() - milliseconds) <= TOLERANCE_MS;
}

function hmac(secretKey: string, prefix: string, body: Buffer): Buffer {
  const key = Buffer.from(secretKey, 'hex');
  // Text that is not hex would decode to a shorter key, possibly the empty one, which anybody knows.
  if (key.length !== 32) throw new Error('The secret key must be 32 bytes in hex');
  return createHmac('sha256', key).update(prefix).update(body).digest();
}

/** Compares in constant time, so that the duration tells nothing about the signature. */
function areEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
