import { get, withQuery } from '../api.js';
import { el, field, link, select, time } from '../dom.js';
import { section } from '../section.js';

const STATES = { Open: 'Open', Pending: 'Pending', AwaitingPending: 'Awaiting pending', Closed: 'Closed' };
const EACH = 20;

/** The latest conversations of a queue, or of all, in a column for each state. */
export function conversations({ query, signal }) {
  let queueId = query.get('queue') ?? '';
  const board = el('div', { class: 'board' });
  const show = () => board.replaceChildren(...Object.keys(STATES).map((state) => column(state, queueId, signal)));
  const choose = (id) => {
    queueId = id;
    history.replaceState(null, '', withQuery('#/conversations', { queue: id }));
    show();
  };
  const queues = async () => {
    const { data } = await get('/v1/queues', signal);
    const options = [['', 'All queues'], ...data.map(({ id, name }) => [id, name])];
    return el('div', { class: 'filters' }, field('Queue', select(options, queueId, choose)));
  };
  show();
  return { title: 'Conversations', content: [section('Filter', queues, signal), board] };
}

function column(state, queueId, signal) {
  const load = async () => {
    const path = withQuery('/v1/conversations', { state, queueId, pageLimit: EACH });
    const { data, meta } = await get(path, signal);
    if (data.length === 0) return el('p', { class: 'quiet' }, 'None.');
    const more = meta.next ? el('p', { class: 'quiet' }, `The ${EACH} newest; there are more.`) : '';
    return [el('ul', { class: 'conversations' }, data.map(item)), more];
  };
  return section(STATES[state], load, signal);
}

function item({ id, channel, subject, createdAt, assignment, awaitingReplySince }) {
  return el(
    'li',
    {},
    link(`#/conversations/${id}`, `${id} ${subject ?? channel}`),
    el('p', { class: 'quiet' }, `${channel}, `, time(createdAt)),
    el('p', { class: 'quiet' }, assignment ? `assigned to ${assignment.agentId}` : 'unassigned'),
    awaitingReplySince ? el('p', { class: 'quiet' }, 'waits for an answer since ', time(awaitingReplySince)) : '',
  );
}
