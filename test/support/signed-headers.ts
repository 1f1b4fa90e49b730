import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** What a delivery is signed with: made by the library of Standard Webhooks, so that it does not share our mistakes. */
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
