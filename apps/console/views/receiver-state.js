import { get } from '../api.js';
import { badge } from '../dom.js';

/** Whether a receiver needs attention. */
export const isFailing = ({ enabled, disabledReason, health }) =>
  disabledReason !== undefined || (enabled && health.failures > 0);

/** Whether something is sent to a receiver now. */
export const isServed = ({ enabled, health }) => enabled && !health.pausedUntil;

/** Returns the state of a subscription and the health of its receiver in one or two words. */
export function receiverState({ enabled, disabledReason, health }) {
  if (disabledReason === 'gone') return badge('disabled: receiver is gone', 'bad');
  if (disabledReason) return badge('disabled: kept failing', 'bad');
  if (!enabled) return badge('disabled');
  if (health.failures > 0) return badge(`${health.failures} failed in a row`, 'bad');
  return health.pausedUntil ? badge('paused', 'warn') : badge('healthy', 'good');
}

/** Returns the response to an attempt in words. */
export function answerOf({ responseCode, responseText }) {
  return [responseCode || 'no response', responseText].filter(Boolean).join(': ');
}

/** Returns the latest error among the last deliveries of a receiver's events, in words. */
export async function lastError({ id }, signal) {
  const { data } = await get(`/v1/webhooks/${id}/delivery-status`, signal);
  const failed = data
    .filter(({ deliveryStatus }) => deliveryStatus.success === false)
    .sort((one, other) => other.deliveryStatus.deliveryTimestamp.localeCompare(one.deliveryStatus.deliveryTimestamp));
  return failed.length > 0 ? `${failed[0].event}: ${answerOf(failed[0].deliveryStatus)}` : undefined;
}
