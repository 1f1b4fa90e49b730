import { type RecordedOf } from '#libs/event-store/event.js';
import { MASK, masked } from '#libs/platform/masked.js';
import { subscriberHeaders } from './headers.js';
import { shownOverlap, shownSettings } from './shown-settings.js';
import { type RotatedSubscription, type SubscriptionEvent } from './subscription.js';
import { type WebhookSubscriptionOutput } from './subscription-outputs.dto.js';

type Recorded = RecordedOf<SubscriptionEvent>;

/** A subscription as the API shows it, as it was at an instant; its secrets are never in clear. @param events all that it had by then */
export function pastSubscription(
  state: RotatedSubscription,
  events: Recorded[],
  asOf: Date,
): WebhookSubscriptionOutput {
  const [created, updated] = [events[0], events.at(-1)] as [Recorded, Recorded];
  const switched = events.findLast(switches);
  return {
    ...shownSettings(state),
    headers: masked(subscriberHeaders(state.authorization, state.customHeaders)),
    secretKey: MASK,
    ...shownOverlap(state.previousSecrets, asOf),
    ...(switched?.type === 'WebhookSubscriptionDisabled' && { disabledReason: switched.data.reason }),
    createdAt: created.recordedAt.toISOString(),
    createdBy: created.metadata.actorId,
    updatedAt: updated.recordedAt.toISOString(),
    updatedBy: updated.metadata.actorId,
  };
}

/** Whether Deskstream gave the receiver up, or a client enabled the subscription (again). */
function switches({ type, data }: Recorded): boolean {
  return (
    type === 'WebhookSubscriptionDisabled' ||
    (type === 'WebhookSubscriptionUpdated' && 'enabled' in data && data.enabled === true)
  );
}
