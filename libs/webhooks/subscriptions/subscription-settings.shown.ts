import { stillCounting, type Subscription } from './subscription.rules.js';

type Settings = Omit<Subscription, 'authorization' | 'customHeaders' | 'secretKey'>;

/** Returns a subscription's settings as the API shows them, without secrets. */
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

/** Returns the ends of replaced keys that still count, as the API shows them; nothing if there are none. */
export function shownOverlap(previousSecrets: { until: string }[], at: Date) {
  const ends = stillCounting(previousSecrets, at).map(({ until }) => until);
  const last = ends.toSorted().at(-1);
  return last === undefined ? {} : { previousSecretUntil: last, previousSecretsUntil: ends };
}
