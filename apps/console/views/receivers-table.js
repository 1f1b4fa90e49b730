import { el, link, table, time } from '../dom.js';
import { isFailing, lastError, receiverState } from './receiver-state.js';

/** Maximum number of rows; each failing receiver takes a request for its last error. */
const MOST = 50;

/** Returns receivers as a table, which says how many are left out if there are too many. */
export function receiversTable(caption, subscriptions, signal) {
  const columns = [
    ['Name', ({ id, name }) => link(`#/receivers/${id}`, name)],
    ['State', receiverState],
    ['URL', ({ url }) => el('span', { class: 'url' }, url)],
    ['Failing since', ({ health }) => time(health.failingSince)],
    ['Paused until', ({ health }) => time(health.pausedUntil)],
    ['Last error', (subscription) => lastErrorCell(subscription, signal)],
  ];
  const left = subscriptions.length - MOST;
  return [
    table(caption, columns, subscriptions.slice(0, MOST)),
    left > 0 ? el('p', { class: 'quiet' }, `${left} more are not shown. Narrow the list by name or state.`) : '',
  ];
}

function lastErrorCell(subscription, signal) {
  const cell = el('span', {}, '–');
  if (isFailing(subscription)) {
    void lastError(subscription, signal).then(
      (text) => cell.replaceChildren(text ?? '–'),
      (error) => cell.replaceChildren(error.message),
    );
  }
  return cell;
}
