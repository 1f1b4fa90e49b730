import { MASK, masked } from '#libs/platform/masked.js';
import { shownOverlap, shownSettings } from './subscription-settings.shown.js';
import { subscriberHeaders } from './subscriber-headers.rules.js';
import { type WebhookSubscriptionOutput } from './subscription-outputs.dto.js';
import { type RotatedSubscription } from './subscription.rules.js';

/** Returns a subscription as the API shows it, at an instant; its secrets are never in clear. */
export function pastSubscription(state: RotatedSubscription, asOf: Date): WebhookSubscriptionOutput {
  const { disabledReason, createdAt, createdBy, updatedAt, updatedBy } = state;
  return {
    ...shownSettings(state),
    headers: masked(subscriberHeaders(state.authorization, state.customHeaders)),
    secretKey: MASK,
    ...shownOverlap(state.previousSecrets, asOf),
    ...(disabledReason && { disabledReason }),
    createdAt,
    createdBy,
    updatedAt,
    updatedBy,
  };
}
