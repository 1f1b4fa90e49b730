import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/**
 * Returns the signature headers of a delivery, made by the Standard Webhooks library, so that it does not share
 * Deskstream's mistakes.
 */
export function signedHeaders(secretKeys: string[], id: string, body: string, sentAt = new Date()) {
  const [milliseconds, seconds] = [sentAt.getTime(), Math.floor(sentAt.getTime() / 1000)];
  const keys = secretKeys.map((key) => Buffer.from(key, 'hex'));
  const dixa = keys.map((key) => createHmac('sha256', key).update(`${milliseconds}.${body}`).digest('hex'));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': keys.map((key) => new Webhook(key.toString('base64')).sign(id, sentAt, body)).join(' '),
    'x-dixa-signature': [`t=${milliseconds}`, ...dixa.map((signature) => `v1=${signature}`)].join(','),
  };
}
