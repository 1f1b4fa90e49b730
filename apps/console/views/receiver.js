import { get } from '../api.js';
import { el, facts, time } from '../dom.js';
import { resultPlace } from '../result.js';
import { section } from '../section.js';
import { deliveries } from './deliveries.js';
import { receiverActions } from './receiver-actions.js';
import { lastError, receiverState } from './receiver-state.js';
import { recoveries } from './recoveries.js';

/** A webhook subscription: its health, its actions, its deliveries and its recoveries. */
export function receiver({ ids: [id], query, signal }) {
  const { result, done } = resultPlace(() => {
    for (const part of parts) void part.reload();
  });
  const load = async () => {
    const { data } = await get(`/v1/webhooks/${id}`, signal);
    return [summary(data, await lastError(data, signal)), receiverActions(data, done)];
  };
  const parts = [
    section('Subscription', load, signal),
    deliveries({ id, state: query.get('state') ?? '', done, signal }),
    recoveries(id, signal),
  ];
  return {
    title: 'Receiver',
    content: [el('p', {}, el('a', { href: '#/receivers' }, 'All receivers')), result, ...parts],
  };
}

function summary(subscription, error) {
  const { name, url, subscribedEvents, ordering, maxPerSecond, health, previousSecretUntil, updatedAt } = subscription;
  return facts([
    ['Name', name],
    ['State', receiverState(subscription)],
    ['URL', el('span', { class: 'url' }, url)],
    ['Failing since', time(health.failingSince)],
    ['Paused until', time(health.pausedUntil)],
    ['Last error', error ?? '–'],
    ['Events', subscribedEvents.join(', ')],
    ['Order', ordering],
    ['Most per second', maxPerSecond ?? 'no limit'],
    ['Earlier key valid until', time(previousSecretUntil)],
    ['Changed', time(updatedAt)],
  ]);
}
