/**
 * `npm run bench:search`: how long lists of end users take, for each filter and each pair of filters, in each order,
 * for the first page and the next.
 *
 *   --end-users=1000000   number of end users
 *   --repeat=40           requests for each list
 *   --show=20             number of slowest lists to show
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { runningEmbeddedPostgres } from '../dist/libs/embedded-postgres/embedded-postgres.js';
import { runBench } from './bench.mjs';
import { describeMachine } from './machine.mjs';
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
    repeat: { type: 'string', default: '40' },
    show: { type: 'string', default: '20' },
  },
});
const [count, repeat, show] = [options['end-users'], options.repeat, options.show].map(Number);

const [loadBefore] = loadavg();
const results = [];
let doubtful = [];
const status = await runBench({}, async (bench) => {
  const { url } = await startDeskstream(bench);
  const { ownerUrl } = await runningEmbeddedPostgres(bench.dataDir);
  bench.say(`makes ${count} end users`);
  await fillEndUsers(ownerUrl, count);
  const lists = combinations();
  bench.say(`asks for ${lists.length} lists`);
  for (const { label, parameters } of lists) results.push(...(await measure(url, label, parameters)));
  doubtful = results.filter(isSlow);
  bench.say(`asks ${AGAIN} times as often for ${doubtful.length} lists that seem slow`);
  for (const result of doubtful) Object.assign(result, await timesOf(result.url, AGAIN * repeat));
});
if (results.length > 0) console.log(`${report()}\n\n${await describeMachine(loadBefore)}`);
process.exit(status);

/** Returns each filter with few and many matches, alone and with each filter of another kind, in each order. */
function combinations() {
  const ago = (days) => new Date(Date.now() - days * DAY_MS).toISOString();
  const days = count / 1440;
  const tier = (attributeValue) => ({ attributeId: TIER, attributeValue });
  const kinds = [
    [{ email: `end.user.${count >> 1}@customers.example` }],
    [{ namePrefix: 'a' }, { namePrefix: 'ag' }, { namePrefix: 'agh' }, { namePrefix: 'aghij' }],
    [tier('gold'), tier('silver'), tier('rare'), { attributeId: NOTE, attributeValue: 'note 1' }],
    [{ createdSince: ago(days / 2) }, { createdSince: ago(1) }],
    [{ createdUntil: ago(days / 2) }, { createdUntil: ago(days - 1) }],
    [{ updatedSince: ago(180) }, { updatedSince: ago(10) }, { updatedSince: ago(0.1) }],
  ];
  const pairs = kinds.flatMap((kind, index) =>
    kinds.slice(index + 1).flatMap((others) => kind.flatMap((one) => others.map((other) => ({ ...one, ...other })))),
  );
  return [{}, ...kinds.flat(), ...pairs].flatMap((filters) =>
    ORDERS.map((sort) => ({ label: labelOf(filters, sort), parameters: { ...filters, sort } })),
  );
}

function labelOf(filters, sort) {
  const { attributeId, ...others } = filters;
  const shown = Object.entries(others).map(([name, value]) => `${name}=${value.replace(/T.*Z$/, '')}`);
  return `${shown.join(' & ') || 'all'} by ${sort}`;
}

async function measure(url, label, parameters) {
  const first = `${url}/v1/endusers?${new URLSearchParams(parameters)}`;
  const { next, ...times } = await timesOf(first, repeat);
  const rows = [{ label, ...times }];
  if (next) rows.push({ label: `${label}, next page`, ...(await timesOf(next, repeat)) });
  return rows;
}

async function timesOf(url, requests) {
  const times = [];
  let body;
  for (let request = 0; request < WARM_UPS + requests; request++) {
    const begun = performance.now();
    const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
    body = await response.json();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${JSON.stringify(body)}`);
    if (request >= WARM_UPS) times.push(performance.now() - begun);
  }
  times.sort((one, other) => one - other);
  return {
    url,
    found: body.data.length,
    next: body.meta.next,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
  };
}

function report() {
  const sorted = results.toSorted((one, other) => other.p95 - one.p95);
  const row = ({ label, found, p50, p95 }) => [label, number(found), number(p50, 1), number(p95, 1), ''];
  const all = sorted.map(({ p95 }) => p95).toReversed();
  const spread = [0.5, 0.9, 0.99].map((share) => number(percentile(all, share), 1));
  return `${renderTable(['Slowest lists', 'on the page', 'p50, ms', 'p95, ms', ''], sorted.slice(0, show).map(row))}

${results.length} lists of ${number(count)} end users: half have a p95 of at most ${spread[0]} ms, 90 % of ${spread[1]} ms, 99 % of ${spread[2]} ms
${doubtful.length} had more than ${SLOW_MS} ms among ${repeat} requests, ${doubtful.filter(isSlow).length} of these among ${AGAIN * repeat}`;
}

function isSlow({ p95 }) {
  return p95 > SLOW_MS;
}
