import { beginSpan } from '#libs/platform/tracing.js';
import { type AttemptResult } from '../sending/attempt.js';
import { type DrainTarget, type DueDelivery } from './drain-statements.js';

/** Makes a span of an attempt whose event has a trace. @param send gets the `traceparent` for the receiver */
export async function tracedAttempt(
  { organizationId, subscriptionId }: DrainTarget,
  { event_id, attempts, traceparent }: DueDelivery,
  send: (traceparent?: string) => Promise<AttemptResult>,
): Promise<AttemptResult> {
  if (traceparent === null) return send();
  const attributes = {
    'messaging.message.id': event_id,
    'deskstream.organization_id': organizationId,
    'deskstream.subscription_id': subscriptionId,
    'deskstream.attempt': attempts + 1,
  };
  const span = beginSpan('webhook attempt', { kind: 'client', parent: traceparent, attributes });
  const result = await send(span?.traceparent ?? traceparent);
  const { outcome, responseCode } = result;
  const answer = responseCode === undefined ? {} : { 'http.response.status_code': responseCode };
  span?.end({ 'deskstream.outcome': outcome, ...answer }, outcome === 'delivered' ? undefined : outcome);
  return result;
}
