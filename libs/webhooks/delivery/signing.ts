import { createHmac } from 'node:crypto';
import { subscriberHeaders } from '../headers.js';
import { type SubscriptionSecrets } from '../subscription.projection.js';
import { type AttemptRequest } from './attempt.js';

/** What is signed, and for whom. */
export interface Signable {
  /** The event's id: the same for each attempt, so that receivers can tell a repetition. */
  eventId: string;
  subscriptionId: string;
  /** The very bytes that are sent. */
  body: string;
  /** 32 bytes in hex. */
  secretKey: string;
  sentAt: Date;
}

/**
 * Headers that prove where a delivery comes from: those of Standard Webhooks (standardwebhooks.com), and the scheme of
 * the hosted API for receivers written for that.
 */
export function signatureHeaders({
  eventId,
  subscriptionId,
  body,
  secretKey,
  sentAt,
}: Signable): Record<string, string> {
  const key = Buffer.from(secretKey, 'hex');
  const milliseconds = sentAt.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  const standard = createHmac('sha256', key).update(`${eventId}.${seconds}.${body}`).digest('base64');
  const hosted = createHmac('sha256', key).update(`${milliseconds}.${body}`).digest('hex');
  return {
    'webhook-id': eventId,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${standard}`,
    'x-dixa-signature': `t=${milliseconds},v1=${hosted}`,
    'x-dixa-subscription-id': subscriptionId,
  };
}

/** The request of a delivery: its headers, the subscriber's own, and the signatures. */
export function deliveryRequest(
  receiver: { url: string; subscriptionId: string; secrets: SubscriptionSecrets },
  message: { eventId: string; body: string },
  sentAt: Date,
): AttemptRequest {
  const { url, subscriptionId, secrets } = receiver;
  const { authorization, customHeaders, secretKey, previousSecretKey } = secrets;
  const signed = signatureHeaders({ ...message, subscriptionId, secretKey, sentAt });
  const before =
    previousSecretKey && signatureHeaders({ ...message, subscriptionId, secretKey: previousSecretKey, sentAt });
  const headers = {
    ...subscriberHeaders(authorization, customHeaders),
    ...signed,
    ...(before && { 'webhook-signature': `${signed['webhook-signature']} ${before['webhook-signature']}` }),
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'Deskstream-Webhooks/1',
  };
  return { url, headers, body: message.body };
}
