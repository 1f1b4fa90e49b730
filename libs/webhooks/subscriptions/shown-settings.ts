import { stillCounting, type Subscription } from './subscription.rules.js';

type Settings = Omit<Subscription, 'authorization' | 'customHeaders' | 'secretKey'>;

/** What a client has set of a subscription, as the API shows it; secrets are not part of it. */
export function shownSettings({ id, name, url, events, enabled, ordering, maxPerSecond, filters }: Settings) {
  return {
    id,
    name,
    url,
    subscribedEvents: events,
    enabled,
    ordering,
    maxPerSecond,
    ...(Object.keys(filters).length > 0 && { filters }),
  };
}

/** Until when keys count that were replaced, as the API shows it; nothing when none does any more. */
export function shownOverlap(previousSecrets: { until: string }[], at: Date) {
  const ends = stillCounting(previousSecrets, at).map(({ until }) => until);
  const last = ends.toSorted().at(-1);
  return last === undefined ? {} : { previousSecretUntil: last, previousSecretsUntil: ends };
}
