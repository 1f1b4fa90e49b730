import { Logger } from '@nestjs/common';
import { countAttempt, countExhausted, observeDelivery } from '../metrics.js';
import { type DrainTarget, type EndedAttempt } from './drain-statements.js';

const logger = new Logger('Webhooks');

/** Counts an attempt, and logs everything about it in one line. */
export function reportAttempt(target: DrainTarget, { delivery, number, result, pauseMs }: EndedAttempt): void {
  const { outcome, durationMs, responseCode } = result;
  const latencyMs = Date.now() - timeOf(delivery.event_id);
  countAttempt(outcome, durationMs);
  if (outcome === 'delivered') observeDelivery(latencyMs);
  else if (pauseMs === undefined) countExhausted();
  logger.log({
    msg: 'webhook attempt',
    ...target,
    eventId: delivery.event_id,
    event: delivery.event_name,
    attempt: number,
    outcome,
    responseCode,
    durationMs,
    latencyMs,
    nextInMs: pauseMs,
  });
}

/** Returns the time of an event's recording, in milliseconds, with which its id begins. */
function timeOf(eventId: string): number {
  return parseInt(eventId.slice(0, 8) + eventId.slice(9, 13), 16);
}
