import { get } from '../api.js';
import { badge, el, table, time } from '../dom.js';
import { section } from '../section.js';

const COLUMNS = [
  ['Requested', ({ requestedAt }) => time(requestedAt)],
  ['State', ({ state }) => badge(state, state === 'finished' ? 'good' : 'warn')],
  ['Since', ({ since }) => time(since)],
  ['Until', ({ until }) => time(until)],
  ['Events', ({ onlyMissing }) => (onlyMissing ? 'what is missing' : 'all')],
  ['Examined', ({ examined }) => examined],
  ['Delivered again', ({ queued }) => queued],
];

/** The recoveries of a receiver, newest first; the API lists 100. */
export function recoveries(id, signal) {
  const load = async () => {
    const { data } = await get(`/v1/webhooks/${id}/recoveries`, signal);
    if (data.length === 0) return el('p', { class: 'quiet' }, 'No recovery has been requested.');
    return table('Recoveries, newest first', COLUMNS, data);
  };
  return section('Recoveries', load, signal);
}
