import { get, withQuery } from '../api.js';
import { el, folded, link, table, time } from '../dom.js';
import { paged, section } from '../section.js';

const PAGE = 100;

const COLUMNS = [
  ['Time', ({ activityTimestamp }) => time(activityTimestamp)],
  ['What happened', ({ _type }) => _type],
  ['By', ({ author }) => author?.name ?? author?.id ?? '–'],
  ['More', ({ attributes }) => (attributes ? folded('Show', attributes) : '–')],
];

/** The activity log of a conversation. */
export function conversation({ ids: [id], signal }) {
  const load = () =>
    paged(
      withQuery(`/v1/conversations/${id}/activitylog`, { pageLimit: PAGE }),
      (to) => get(to, signal),
      (rows) => table('Activity log, oldest first', COLUMNS, rows),
    );
  return {
    title: `Conversation ${id}`,
    content: [el('p', {}, link('#/conversations', 'All conversations')), section('Activity log', load, signal)],
  };
}
