import { STREAMS } from '../../dist/libs/resources/resources.js';
import { EventCodec } from '../../dist/libs/event-store/event-codec.js';
import { rebuildTable } from '../../dist/libs/event-store/rebuild.js';
import { tablesOf } from '../../dist/libs/event-store/stream-definition.js';
import { openCipher } from '../../dist/apps/master-key.js';
import { Api } from '../growth/api.mjs';
import { median } from '../statistics.mjs';
import { feedPages } from './feed.mjs';
import { relayRate } from './relay.mjs';

const CONNECTIONS = 32;
const WARM_UPS = 20;
/** Number of organizations whose feeds are read. */
const FEEDS = 5;
/** Tables that are rebuilt: one holds states, the other what each event adds. */
const REBUILT = ['conversations', 'conversation_messages'];
const KEPT = ['events', 'stream_keys', 'event_keys', 'snapshots'];

/**
 * What is measured of a store: its label, whether more is better, and how. Writes come last, because they add events.
 * @param store its `installation`, the `loader`, the `growth` that made it, a `client` of its database, and the number of its `events`
 * @returns figures by label
 */
export async function figuresOf({ plan, say }, store) {
  const figures = [];
  const add = (label, value, options) => {
    say(`Store of ${store.events} events: ${label}: ${value.toFixed(1)}`);
    figures.push({ label, value, ...options });
  };
  add('API ready after start, s', await startTime(store), { most: 5 });
  add('bytes per event, with keys, snapshots and indexes', await bytesPerEvent(store));
  for (const [label, time] of Object.entries(await readTimes(plan, store)))
    add(`${label}: p50, ms`, time, { falls: true });
  const { p99 } = await rounds(plan, store, 'getOfAny', store.growth.places);
  add('Get end user, 32 connections: p99, ms', p99, { falls: true });
  for (const table of REBUILT) add(`Rebuild ${table}: events/s`, await rebuildRate(store, table), { rises: true });
  const { perSecond } = await rounds(plan, store, 'createTagInTurn', store.tokens);
  add('Create tag, 32 connections: requests/s', perSecond, { rises: true });
  add('Relay: events/s', await relayRate(plan, store), { rises: true });
  return figures;
}

async function startTime({ installation }) {
  const begun = performance.now();
  const { process } = await installation.startApi();
  const seconds = (performance.now() - begun) / 1000;
  await process.stop();
  return seconds;
}

async function bytesPerEvent({ client, events }) {
  const { rows } = await client.query(
    'SELECT sum(pg_total_relation_size(name::regclass))::float8 AS bytes FROM unnest($1::text[]) AS name',
    [KEPT],
  );
  return rows[0].bytes / events;
}

/** Returns the median times of reads, by label. The reads take turns, and the organizations too. */
async function readTimes({ storeSamples }, { installation, growth }) {
  const readers = [];
  for (const { path, token } of growth.places.slice(0, FEEDS)) {
    const api = new Api(installation.url, token);
    const { middle, end } = await feedPages(api);
    readers.push({
      api,
      paths: {
        'Page of the feed in the middle': middle,
        'Page of the feed at the end': end,
        'History of end user': `${path}/history?pageLimit=10`,
        'End user as of the past': `${path}?asOf=${new Date(growth.changedAt).toISOString()}`,
      },
    });
  }
  const times = new Map(Object.keys(readers[0].paths).map((label) => [label, []]));
  for (let turn = -WARM_UPS; turn < storeSamples; turn++) {
    const { api, paths } = readers[(turn + WARM_UPS) % readers.length];
    for (const [label, path] of Object.entries(paths)) {
      const time = await api.time('GET', path);
      if (turn >= 0) times.get(label).push(time);
    }
  }
  return Object.fromEntries([...times].map(([label, measured]) => [label, median(measured)]));
}

/** Returns the medians of rounds under load. */
async function rounds({ rounds: count, roundSeconds, warmUpSeconds }, { installation, loader }, operation, argument) {
  const load = (seconds) => loader.call('load', installation.url, operation, CONNECTIONS, seconds, argument);
  await load(warmUpSeconds);
  const results = [];
  while (results.length < count) results.push(await load(roundSeconds));
  const of = (field) => median(results.map((result) => result[field]));
  return { perSecond: of('perSecond'), p99: of('p99') };
}

async function rebuildRate({ installation }, table) {
  const cipher = await openCipher({ dataDir: installation.dataDir }, installation.ownerUrl, false);
  const definition = STREAMS.find((stream) => tablesOf(stream).includes(table));
  const begun = performance.now();
  const { events } = await rebuildTable(installation.ownerUrl, new EventCodec(STREAMS, cipher), definition, table);
  return events / ((performance.now() - begun) / 1000);
}
