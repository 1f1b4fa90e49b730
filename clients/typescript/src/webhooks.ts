import { type Webhooks } from './generated/types.gen.js';

/** An event that a receiver gets. `event_fqn` tells its type apart. */
export type WebhookEvent = Webhooks['body'];

/** Tells that a request does not come from the subscription, was changed, or is too old. */
export class InvalidSignature extends Error {
  override readonly name = 'InvalidSignature';
}

/** Maximum difference between the clocks in seconds. It prevents replays of intercepted deliveries. */
const TOLERANCE_SECONDS = 300;

/**
 * Verifies a delivery by its headers of Standard Webhooks, and returns the event.
 * @param body the bytes or the text as received: JSON that was parsed and serialized again has another signature
 * @param headers of the request, of `fetch` or of `node:http`
 * @param secretKey of the subscription, in hex
 * @throws {InvalidSignature}
 */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: Headers | Record<string, string | string[] | undefined>,
  secretKey: string,
): Promise<WebhookEvent> {
  const header = (name: string) => String((headers instanceof Headers ? headers.get(name) : headers[name]) ?? '');
  const [id, timestamp] = [header('webhook-id'), header('webhook-timestamp')];
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp || Number.NaN)) <= TOLERANCE_SECONDS)) {
    throw new InvalidSignature('The header webhook-timestamp is absent, or more than five minutes off');
  }
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${text}`);
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', bytesOfHex(secretKey), algorithm, false, ['verify']);
  for (const signature of signaturesIn(header('webhook-signature'))) {
    if (await crypto.subtle.verify('HMAC', key, signature, signed)) return JSON.parse(text) as WebhookEvent;
  }
  throw new InvalidSignature('No signature in the header webhook-signature is that of this key and body');
}

/** Returns the signatures of version 1. While a secret key is rotated, there are several. */
function signaturesIn(header: string): Uint8Array<ArrayBuffer>[] {
  return header
    .split(' ')
    .filter((one) => /^v1,[A-Za-z\d+/]+=*$/.test(one))
    .map((one) => Uint8Array.from(atob(one.slice('v1,'.length)), (character) => character.charCodeAt(0)));
}

function bytesOfHex(text: string): Uint8Array<ArrayBuffer> {
  if (!/^([\da-f]{2})+$/i.test(text)) throw new TypeError('The secret key must be the hex digits of secretKey');
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
