import { type Subscription } from './subscription.js';

type Settings = Omit<Subscription, 'authorization' | 'customHeaders' | 'secretKey'>;

/** What a client has set of a subscription, as the API shows it; secrets are not part of it. */
export function shownSettings({ id, name, url, events, enabled, ordering, maxPerSecond, filters }: Settings) {
  return {
    ...{ id, name, url, subscribedEvents: events, enabled, ordering, maxPerSecond },
    ...(Object.keys(filters).length > 0 && { filters }),
  };
}
