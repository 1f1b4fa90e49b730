import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type DisabledReason } from '../../subscriptions/subscription.rules.js';
import { countAttempt, countExhausted, observeDelivery } from '../metrics.js';
import { type AttemptResult } from '../sending/attempt.js';
import { type DrainTarget, type EndedAttempt } from './drain-statements.js';

const logger = new Logger('Webhooks');

/** Time within which only one failed attempt of a subscription is logged as a warning: a receiver can fail for days. */
const WARN_MS = 60_000;
/** The subscriptions with a recent warning of this process. */
const warned = new LRUCache<string, true>({ max: 10_000, ttl: WARN_MS });

/** Counts an attempt, and logs it in one line. */
export function reportAttempt(target: DrainTarget, { delivery, number, result, pauseMs }: EndedAttempt): void {
  const { outcome, durationMs, responseCode } = result;
  const latencyMs = Date.now() - timeOf(delivery.event_id);
  countAttempt(outcome, durationMs);
  if (outcome === 'delivered') observeDelivery(latencyMs);
  else if (pauseMs === undefined) countExhausted();
  const line = {
    msg: 'webhook attempt',
    ...target,
    eventId: delivery.event_id,
    event: delivery.event_name,
    attempt: number,
    outcome,
    responseCode,
    reason: outcome === 'delivered' ? undefined : reasonOf(result),
    durationMs,
    latencyMs,
    nextInMs: pauseMs,
  };
  if (outcome !== 'delivered' && isWorthWarning(target)) logger.warn(line);
  else logger.log(line);
}

/** Logs that the breaker of a subscription has opened. @param result of the attempt that opened it */
export function reportTripped(target: DrainTarget, failures: number, result: AttemptResult): void {
  const msg = 'The receiver keeps failing; it gets one attempt at a time, with pauses';
  logger.warn({ msg, ...target, failures, reason: reasonOf(result) });
}

export function reportDisabled(target: DrainTarget, reason: DisabledReason): void {
  logger.warn({ msg: 'The subscription was disabled; its organization can enable it again', ...target, reason });
}

/** Returns whether no failed attempt of the subscription was a warning within {@link WARN_MS}. */
function isWorthWarning({ subscriptionId }: DrainTarget): boolean {
  if (warned.has(subscriptionId)) return false;
  warned.set(subscriptionId, true);
  return true;
}

/** Returns why an attempt failed, without the receiver's response, which may quote the payload. */
function reasonOf({ outcome, responseCode, responseText }: AttemptResult): string {
  return responseCode === undefined ? responseText : `${outcome}: the status was ${responseCode}`;
}

/** Returns the time of an event's recording, in milliseconds: its id begins with it. */
function timeOf(eventId: string): number {
  return parseInt(eventId.slice(0, 8) + eventId.slice(9, 13), 16);
}
