/**
 * `npm run bench:search`: how long lists of end users and conversations take, for each filter and each pair of filters,
 * in each order, for the first page and the next; and searches for words of messages.
 *
 *   --end-users=1000000       number of end users; 0 for none
 *   --conversations=1000000   number of conversations; 0 for none
 *   --messages=1000000        number of messages to search; 0 for none
 *   --repeat=40               requests for each list
 *   --show=20                 number of slowest lists to show
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { runningEmbeddedPostgres } from '../dist/libs/embedded-postgres/embedded-postgres.js';
import { runBench } from './bench.mjs';
import { describeMachine } from './machine.mjs';
import { CONVERSATION_ORDERS, conversationFilters, fillConversations } from './search-conversations.mjs';
import { fillMessages, wordSearches } from './search-messages.mjs';
import { fillEndUsers, NOTE, TIER } from './search-rows.mjs';
import { startDeskstream, TOKEN } from './servers.mjs';
import { percentile } from './statistics.mjs';
import { number, renderTable } from './table.mjs';

const DAY_MS = 86_400_000;
const WARM_UPS = 3;
const SLOW_MS = 20;
/** Requests for a list that seems slow, as a multiple: among a few, one pause of the machine decides. */
const AGAIN = 10;
const ORDERS = ['createdAt', '-createdAt', 'updatedAt', '-updatedAt', 'name', '-name'];

const { values: options } = parseArgs({
  options: {
    'end-users': { type: 'string', default: '1000000' },
    conversations: { type: 'string', default: '1000000' },
    messages: { type: 'string', default: '1000000' },
    repeat: { type: 'string', default: '40' },
    show: { type: 'string', default: '20' },
  },
});
const [repeat, show] = [options.repeat, options.show].map(Number);
const RESOURCES = [
  {
    name: 'end users',
    path: '/v1/endusers',
    count: Number(options['end-users']),
    orders: ORDERS,
    fill: fillEndUsers,
    filters: endUserFilters,
  },
  {
    name: 'conversations',
    path: '/v1/conversations',
    count: Number(options.conversations),
    orders: CONVERSATION_ORDERS,
    fill: fillConversations,
    filters: conversationFilters,
  },
  {
    name: 'messages',
    path: '/v1/search/conversations',
    count: Number(options.messages),
    fill: fillMessages,
    lists: wordSearches,
  },
].filter(({ count }) => count > 0);

const [loadBefore] = loadavg();
const reports = [];
const status = await runBench({}, async (bench) => {
  const { url } = await startDeskstream(bench);
  const { ownerUrl } = await runningEmbeddedPostgres(bench.dataDir);
  for (const resource of RESOURCES) reports.push(await measureAll(bench, url, ownerUrl, resource));
});
if (reports.length > 0) console.log(`${reports.join('\n\n')}\n\n${await describeMachine(loadBefore)}`);
process.exit(status);

async function measureAll(bench, url, ownerUrl, resource) {
  const { name, path, count, fill, lists: listsOf = combinations } = resource;
  bench.say(`makes ${count} ${name}`);
  await fill(ownerUrl, count);
  const lists = listsOf(resource);
  bench.say(`asks for ${lists.length} lists`);
  const results = [];
  for (const list of lists) results.push(...(await measure(`${url}${path}`, list)));
  const doubtful = results.filter(isSlow);
  bench.say(`asks ${AGAIN} times as often for ${doubtful.length} lists that seem slow`);
  for (const result of doubtful) Object.assign(result, await timesOf(result.url, AGAIN * repeat, result.body));
  return report(resource, results, doubtful);
}

/** Returns each filter with few and many matches, alone and with each filter of another kind, in each order. */
function combinations({ count, orders, filters }) {
  const kinds = filters(count);
  const pairs = kinds.flatMap((kind, index) =>
    kinds.slice(index + 1).flatMap((others) => kind.flatMap((one) => others.map((other) => ({ ...one, ...other })))),
  );
  return [{}, ...kinds.flat(), ...pairs].flatMap((given) =>
    orders.map((sort) => ({ label: labelOf(given, sort), parameters: { ...given, sort } })),
  );
}

function endUserFilters(count) {
  const ago = (days) => new Date(Date.now() - days * DAY_MS).toISOString();
  const days = count / 1440;
  const tier = (attributeValue) => ({ attributeId: TIER, attributeValue });
  return [
    [{ email: `end.user.${count >> 1}@customers.example` }],
    [{ namePrefix: 'a' }, { namePrefix: 'ag' }, { namePrefix: 'agh' }, { namePrefix: 'aghij' }],
    [tier('gold'), tier('silver'), tier('rare'), { attributeId: NOTE, attributeValue: 'note 1' }],
    [{ createdSince: ago(days / 2) }, { createdSince: ago(1) }],
    [{ createdUntil: ago(days / 2) }, { createdUntil: ago(days - 1) }],
    [{ updatedSince: ago(180) }, { updatedSince: ago(10) }, { updatedSince: ago(0.1) }],
  ];
}

function labelOf(filters, sort) {
  const { attributeId, ...others } = filters;
  const shown = Object.entries(others).map(
    ([name, value]) => `${name}=${value.replace(/T.*Z$/, '').replace(/^01980f6a-0000-7\w00-8000-0+(?=\d)/, '')}`,
  );
  return `${shown.join(' & ') || 'all'} by ${sort}`;
}

/** @param body what is posted; without it, the list is a GET */
async function measure(url, { label, parameters, body }) {
  const first = `${url}?${new URLSearchParams(parameters)}`;
  const { next, ...times } = await timesOf(first, repeat, body);
  const rows = [{ label, ...times }];
  if (next) rows.push({ label: `${label}, next page`, ...(await timesOf(next, repeat, body)) });
  return rows;
}

async function timesOf(url, requests, posted) {
  const headers = { authorization: `Bearer ${TOKEN}`, ...(posted && { 'content-type': 'application/json' }) };
  const request = { headers, ...(posted && { method: 'POST', body: JSON.stringify(posted) }) };
  const times = [];
  let body;
  for (let sent = 0; sent < WARM_UPS + requests; sent++) {
    const begun = performance.now();
    const response = await fetch(url, request);
    body = await response.json();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${JSON.stringify(body)}`);
    if (sent >= WARM_UPS) times.push(performance.now() - begun);
  }
  times.sort((one, other) => one - other);
  return {
    url,
    body: posted,
    found: body.data.length,
    next: body.meta.next,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
  };
}

function report({ name, count }, results, doubtful) {
  const sorted = results.toSorted((one, other) => other.p95 - one.p95);
  const row = ({ label, found, p50, p95 }) => [label, number(found), number(p50, 1), number(p95, 1), ''];
  const all = sorted.map(({ p95 }) => p95).toReversed();
  const spread = [0.5, 0.9, 0.99].map((share) => number(percentile(all, share), 1));
  return `${renderTable(['Slowest lists', 'on the page', 'p50, ms', 'p95, ms', ''], sorted.slice(0, show).map(row))}

${results.length} lists of ${number(count)} ${name}: half have a p95 of at most ${spread[0]} ms, 90 % of ${spread[1]} ms, 99 % of ${spread[2]} ms
${doubtful.length} had more than ${SLOW_MS} ms among ${repeat} requests, ${doubtful.filter(isSlow).length} of these among ${AGAIN * repeat}`;
}

function isSlow({ p95 }) {
  return p95 > SLOW_MS;
}
