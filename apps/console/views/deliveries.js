import { get, withQuery } from '../api.js';
import { badge, el, field, link, select, table, time } from '../dom.js';
import { paged, section } from '../section.js';
import { retryButton } from './retry.js';

const TONES = { pending: 'warn', delivered: 'good', exhausted: 'bad', cancelled: 'plain' };
const PAGE = 20;

export const deliveryState = ({ state, cancelReason }) =>
  badge(cancelReason ? `${state}: ${cancelReason}` : state, TONES[state]);

/** The deliveries of a receiver, with a filter by state, which is part of the URL. */
export function deliveries({ id, state, done, signal }) {
  let chosen = state;
  const columns = [
    ['Event', (one) => link(`#/receivers/${id}/deliveries/${one.id}`, one.event)],
    ['State', deliveryState],
    ['Attempts', ({ attempts }) => attempts],
    ['Created', ({ createdAt }) => time(createdAt)],
    ['Next attempt', ({ nextAttemptAt }) => time(nextAttemptAt)],
    ['Ended', ({ finishedAt }) => time(finishedAt)],
    ['Action', (one) => retryButton(id, one, done)],
  ];
  const show = (rows) =>
    rows.length > 0
      ? table('Deliveries, newest first', columns, rows)
      : el('p', { class: 'quiet' }, 'No delivery matches the filter.');
  const options = [['', 'All'], ...Object.keys(TONES).map((name) => [name, name])];
  const filter = select(options, chosen, (value) => {
    chosen = value;
    history.replaceState(null, '', withQuery(`#/receivers/${id}`, { state: chosen }));
    void part.reload();
  });
  const load = async () => {
    const path = withQuery(`/v1/webhooks/${id}/deliveries`, { state: chosen, pageLimit: PAGE });
    return [el('div', { class: 'filters' }, field('State', filter)), await paged(path, (to) => get(to, signal), show)];
  };
  const part = section('Deliveries', load, signal);
  return part;
}
