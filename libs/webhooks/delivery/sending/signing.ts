import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { subscriberHeaders } from '../../subscriptions/subscriber-headers.rules.js';
import { type SubscriptionSecrets } from '../../subscriptions/subscription.stream.js';
import { type AttemptRequest } from './post.js';

/** The receiver of a delivery, with the subscription's secrets in clear. */
export interface Receiver {
  url: string;
  subscriptionId: string;
  secrets: SubscriptionSecrets;
}

/** A message to deliver. Its id is the same for each attempt, so that receivers can detect repetitions. */
export interface Message {
  eventId: string;
  body: string;
  /** The trace that the receiver may continue (W3C). */
  traceparent?: string;
}

/**
 * Returns the request of a delivery, with the subscriber's own headers and signatures of the very bytes that are sent:
 * those of Standard Webhooks (standardwebhooks.com), and of the hosted API for receivers written for that. Each is
 * computed with all keys that are valid at that time, the newest first.
 */
export function deliveryRequest(
  receiver: Receiver,
  { eventId, body, traceparent }: Message,
  sentAt: Date,
): AttemptRequest {
  const { url, subscriptionId, secrets } = receiver;
  const { authorization, customHeaders } = secrets;
  const keys = keysOf(secrets, sentAt);
  const milliseconds = sentAt.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  const standard = keys.map((key) => `v1,${hmac(key, `${eventId}.${seconds}.${body}`).digest('base64')}`);
  const hosted = keys.map((key) => `v1=${hmac(key, `${milliseconds}.${body}`).digest('hex')}`);
  const headers = {
    ...subscriberHeaders(authorization, customHeaders),
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'Deskstream-Webhooks/1',
    'webhook-id': eventId,
    'webhook-timestamp': String(seconds),
    'webhook-signature': standard.join(' '),
    'x-dixa-signature': [`t=${milliseconds}`, ...hosted].join(','),
    'x-dixa-subscription-id': subscriptionId,
    ...(traceparent && { traceparent }),
  };
  return { url, headers, body };
}

const opened = new WeakMap<SubscriptionSecrets, { key: KeyObject; until?: string }[]>();

/** Returns the valid keys, which may expire later. Creating them costs four times as much as signing. */
function keysOf(secrets: SubscriptionSecrets, at: Date): KeyObject[] {
  const { secretKey, previousSecrets } = secrets;
  const keys =
    opened.get(secrets) ??
    [{ secretKey, until: undefined }, ...previousSecrets].map((one) => ({
      key: createSecretKey(one.secretKey, 'hex'),
      until: one.until,
    }));
  opened.set(secrets, keys);
  return keys.filter(({ until }) => until === undefined || new Date(until) > at).map(({ key }) => key);
}

function hmac(key: KeyObject, text: string) {
  return createHmac('sha256', key).update(text);
}
