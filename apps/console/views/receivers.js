import { get } from '../api.js';
import { el, field, select } from '../dom.js';
import { section } from '../section.js';
import { isFailing } from './receiver-state.js';
import { receiversTable } from './receivers-table.js';

const STATES = {
  all: ['All', () => true],
  failing: ['Failing', isFailing],
  enabled: ['Enabled', ({ enabled }) => enabled],
  disabled: ['Disabled', ({ enabled }) => !enabled],
};

/** The webhook subscriptions, with filters by state and by name or URL. */
export function receivers({ signal }) {
  let [all, state, text] = [[], 'all', ''];
  const place = el('div');
  const show = () => {
    const found = all.filter(
      (one) => STATES[state][1](one) && `${one.name} ${one.url}`.toLowerCase().includes(text.toLowerCase()),
    );
    const nothing = el('p', { class: 'quiet' }, 'No receiver matches.');
    place.replaceChildren(...(found.length > 0 ? receiversTable('Webhook subscriptions', found, signal) : [nothing]));
  };
  const states = Object.entries(STATES).map(([value, [title]]) => [value, title]);
  const byState = select(states, state, (chosen) => {
    state = chosen;
    show();
  });
  const byText = el('input', {
    type: 'search',
    oninput: ({ target }) => {
      text = target.value;
      show();
    },
  });
  const load = async () => {
    all = (await get('/v1/webhooks', signal)).data;
    show();
    return [el('div', { class: 'filters' }, field('State', byState), field('Name or URL', byText)), place];
  };
  return { title: 'Receivers', content: [section('Subscriptions', load, signal)] };
}
