import { get, withQuery } from '../api.js';
import { badge, el, link } from '../dom.js';
import { section } from '../section.js';
import { isFailing, isServed } from './receiver-state.js';
import { receiversTable } from './receivers-table.js';

/** Maximum number of receivers whose waiting deliveries are counted, and of deliveries of each. */
const [RECEIVERS, DELIVERIES] = [20, 200];

/** The health of the API, of the deliveries and of the receivers. */
export function health({ signal }) {
  const subscriptions = get('/v1/webhooks', signal).then(({ data }) => data);
  // Each section shows the error by itself.
  subscriptions.catch(() => undefined);
  return {
    title: 'Health',
    content: [
      section('Service', () => service(signal), signal),
      section('Deliveries', async () => backlog(await subscriptions, signal), signal),
      section('Failing receivers', async () => failing(await subscriptions, signal), signal),
    ],
  };
}

const card = (name, value, more) =>
  el('div', { class: 'card' }, el('dt', {}, name), el('dd', {}, value), more ? el('dd', { class: 'quiet' }, more) : '');
const cards = (...all) => el('dl', { class: 'cards' }, all);

async function service(signal) {
  const { status, message, version } = await get('/health', signal);
  return cards(
    card('API and database', badge(status, status === 'ok' ? 'good' : 'warn'), message),
    version === undefined ? '' : card('Version', version),
  );
}

/** Counts waiting deliveries. Starts with failing receivers, because most deliveries wait there. */
async function backlog(subscriptions, signal) {
  const counted = [...subscriptions]
    .sort((one, other) => Number(isFailing(other)) - Number(isFailing(one)))
    .slice(0, RECEIVERS);
  const [lag, ...pages] = await Promise.all([
    get('/v1/webhooks/relay-lag', signal),
    ...counted.map((one) => waiting(one, signal)),
  ]);
  const rows = pages.flatMap(({ data }) => data);
  const due = pages.flatMap((page) => page.due);
  const isMore = pages.some(({ meta }) => meta.next) || subscriptions.length > RECEIVERS;
  const oldest = Math.min(...due.map(({ nextAttemptAt }) => Date.parse(nextAttemptAt)));
  const atLeast = (count) => (isMore ? `at least ${count}` : count);
  return [
    cards(
      relayLag(lag.data),
      card('Waiting', atLeast(rows.length), 'to be sent, for the first time or again'),
      card('Due now', atLeast(due.length), 'to receivers that are enabled and not paused'),
      card('Longest overdue', due.length > 0 ? duration(Date.now() - oldest) : 'none'),
    ),
    el(
      'p',
      { class: 'quiet' },
      `Of this organization, in up to ${RECEIVERS} receivers. If deliveries stay due, no worker runs or it does not keep up; the metrics show the whole installation.`,
    ),
  ];
}

const relayLag = ({ events, oldestRecordedAt }) =>
  oldestRecordedAt === undefined
    ? card('Relay lag', 'none', 'all events have become deliveries')
    : card('Relay lag', duration(Date.now() - Date.parse(oldestRecordedAt)), `of ${events} events or more`);

async function waiting(subscription, signal) {
  const query = { state: 'pending', pageLimit: DELIVERIES };
  const page = await get(withQuery(`/v1/webhooks/${subscription.id}/deliveries`, query), signal);
  const isDue = ({ nextAttemptAt }) => nextAttemptAt && Date.parse(nextAttemptAt) <= Date.now();
  return { ...page, due: isServed(subscription) ? page.data.filter(isDue) : [] };
}

function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

function failing(subscriptions, signal) {
  const found = subscriptions.filter(isFailing);
  if (found.length > 0) return receiversTable('Receivers that fail', found, signal);
  return el('p', {}, badge('none', 'good'), ` of ${subscriptions.length} `, link('#/receivers', 'receivers'));
}
