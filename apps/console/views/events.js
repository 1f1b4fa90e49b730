import { button, el, field, folded, table, tableRow, time } from '../dom.js';
import { follow } from '../feed.js';
import { notice } from '../section.js';

/** Maximum number of rows: the oldest ones go. */
const MOST = 500;

const COLUMNS = [
  ['Recorded', ({ recordedAt }) => time(recordedAt)],
  ['Type', ({ type }) => type],
  ['Stream', ({ stream, version }) => el('span', { class: 'url' }, `${stream} #${version}`)],
  ['Actor', ({ actorId }) => el('span', { class: 'url' }, actorId)],
  ['Data', ({ data, redacted }) => folded(redacted ? 'Show (personal data left out)' : 'Show', data)],
];

/** The event feed as it grows, newest first. */
export function events({ signal }) {
  let [types, cursor, following] = ['', undefined, undefined];
  const state = el('p', { role: 'status' });
  const list = table('Events, newest first', COLUMNS, []);
  const rows = list.querySelector('tbody');
  const on = {
    state: (text) => state.replaceChildren(text),
    cursor: (at) => (cursor = at),
    event: (event) => {
      rows.prepend(tableRow(COLUMNS, event));
      while (rows.rows.length > MOST) rows.lastElementChild.remove();
    },
  };
  const stop = () => following?.abort();
  const start = async () => {
    stop();
    following = new AbortController();
    const ends = AbortSignal.any([signal, following.signal]);
    await follow({ types, from: cursor, signal: ends, on }).catch((error) => state.replaceChildren(notice(error)));
  };
  const pause = button('Pause', () => {
    const isPaused = pause.getAttribute('aria-pressed') === 'true';
    pause.setAttribute('aria-pressed', String(!isPaused));
    if (isPaused) return start();
    stop();
    on.state('Paused. Events of this time appear when you continue.');
  });
  pause.setAttribute('aria-pressed', 'false');
  const input = el('input', { type: 'text', name: 'types', placeholder: 'TagCreated,TagDeleted', spellcheck: 'false' });
  const filter = (event) => {
    event.preventDefault();
    types = input.value.replaceAll(/\s/g, '');
    rows.replaceChildren();
    pause.setAttribute('aria-pressed', 'false');
    void start();
  };
  const form = el(
    'form',
    { class: 'filters', onsubmit: filter },
    field('Types, comma-separated', input),
    el('button', { type: 'submit' }, 'Filter'),
    pause,
    button('Clear', () => rows.replaceChildren()),
  );
  const bound = el('p', { class: 'quiet' }, `At most ${MOST} events are shown.`);
  const part = el('section', { 'aria-label': 'Feed' }, form, state, list, bound);
  void start();
  return {
    title: 'Events',
    content: [part],
  };
}
