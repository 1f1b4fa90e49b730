import { type EventStore } from '#libs/event-store/event-store.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type DisabledReason } from '../../subscriptions/subscription.rules.js';
import { subscriptionStream } from '../../subscriptions/subscription.stream.js';
import { reportDisabled } from './attempt-log.js';
import { type DrainTarget } from './drain-statements.js';

/** Disables a subscription on behalf of its organization. Returns false when it is gone or disabled already. */
export async function disableSubscription(
  store: EventStore,
  target: DrainTarget,
  reason: DisabledReason,
  failingMs: number,
): Promise<boolean> {
  const { organizationId, subscriptionId: id } = target;
  const failingSince = new Date(Date.now() - failingMs).toISOString();
  const command = { type: 'DisableSubscription', id, reason, failingSince } as const;
  const context = { organizationId, actorId: organizationId };
  try {
    const { events } = await store.handle(subscriptionStream, id, context, command);
    if (events.length > 0) reportDisabled(target, reason);
    return events.length > 0;
  } catch (error) {
    if (!(error instanceof DomainError && error.kind === 'not-found')) throw error;
    return false;
  }
}
