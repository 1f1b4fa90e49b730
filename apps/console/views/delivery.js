import { get } from '../api.js';
import { badge, el, facts, folded, link, table, time } from '../dom.js';
import { resultPlace } from '../result.js';
import { section } from '../section.js';
import { deliveryState } from './deliveries.js';
import { retryButton } from './retry.js';

const COLUMNS = [
  ['Attempt', ({ number }) => number],
  ['Began', ({ startedAt }) => time(startedAt)],
  ['Outcome', ({ outcome }) => badge(outcome, outcome === 'delivered' ? 'good' : 'bad')],
  ['Status', ({ responseCode }) => responseCode ?? '–'],
  ['Duration', ({ durationMs }) => `${durationMs} ms`],
  ['Response', ({ responseText }) => el('span', { class: 'url' }, responseText)],
];

/** A delivery with its attempts and its payload. */
export function delivery({ ids: [subscriptionId, id], signal }) {
  const { result, done } = resultPlace(() => void part.reload());
  const load = async () => {
    const { data } = await get(`/v1/webhooks/${subscriptionId}/deliveries/${id}`, signal);
    return [
      summary(data),
      el('div', { class: 'buttons' }, retryButton(subscriptionId, data, done)),
      table('Attempts, oldest first', COLUMNS, data.attemptLog),
      data.payload === null
        ? el('p', { class: 'quiet' }, 'The payload is no longer kept.')
        : folded('Payload', data.payload),
    ];
  };
  const part = section('State and attempts', load, signal);
  return {
    title: 'Delivery',
    content: [el('p', {}, link(`#/receivers/${subscriptionId}`, 'Its receiver')), result, part],
  };
}

function summary(delivery) {
  const { id, event, attempts, createdAt, nextAttemptAt, finishedAt } = delivery;
  return facts([
    ['Event', event],
    ['Id', id],
    ['State', deliveryState(delivery)],
    ['Attempts of the current round', attempts],
    ['Created', time(createdAt)],
    ['Next attempt', time(nextAttemptAt)],
    ['Ended', time(finishedAt)],
  ]);
}
