import { Api } from './growth/api.mjs';
import { kindsOf } from './growth/kinds.mjs';
import { measureRelay } from './growth/relay.mjs';
import { makeStreams } from './growth/streams.mjs';
import { median } from './statistics.mjs';
import { atMost, number, ratio } from './table.mjs';
import { Installation } from './webhooks/installation.mjs';

/** A stream takes one measured write for each 10 of its events, so that the writes hardly change its length. */
const EVENTS_PER_WRITE = 10;
const WARM_UPS = 5;
const PAGE = 10;
/** Maximum ratios of times in the longest streams to those in the shortest. */
const WRITE_TARGET = 1.3;
const READ_TARGET = 2;

/** Measures what a further write, a read of the past, and relaying cost in short and in long streams. */
export async function measureGrowth(bench) {
  const installation = await Installation.start(bench, 'growth');
  const api = new Api(installation.url);
  const lengths = bench.plan.growth.map((length) => number(length)).join(' / ');
  const rows = [[`Streams of ${lengths} events: p50, ms`, '', '', '', '', '', '']];
  for (const kind of await kindsOf(api)) {
    const streams = await streamsOf(bench, api, kind);
    for (const [label, target, work] of measuredOf(kind)) {
      rows.push(timesRow(`${kind.label}: ${label}`, await timesOf(bench, streams, work), target));
    }
    if (!kind.relayed) continue;
    const rates = await measureRelay(bench, installation, api, kind, streams.at(-1)[0]);
    rows.push(relayRow(kind.label, rates));
  }
  await installation.stop();
  return rows;
}

/** Returns the measurements of each stream, in milliseconds. Writes come last, because they lengthen the streams. */
function measuredOf({ reads = {} }) {
  const read = (label, rest) => [label, READ_TARGET, ({ api, path }) => api.time('GET', path + rest)];
  return [
    [
      'as of its middle',
      READ_TARGET,
      ({ api, path, middle }) => api.time('GET', `${path}?asOf=${middle.toISOString()}`),
    ],
    read('page of history', `/history?pageLimit=${PAGE}`),
    ...Object.entries(reads).map(([label, rest]) => read(label, rest)),
    ['one more event', WRITE_TARGET, (stream) => stream.write()],
  ];
}

/** Creates streams of each length; enough short ones that each takes few of the writes. */
async function streamsOf({ plan, say }, api, kind) {
  const streams = [];
  for (const length of plan.growth) {
    say(`Growth: ${kind.label}: makes streams of ${length} events`);
    const writes = WARM_UPS + plan.growthSamples;
    const count = Math.ceil(writes / Math.max(1, Math.floor(length / EVENTS_PER_WRITE)));
    streams.push(await makeStreams(api, kind, count, length));
  }
  return streams;
}

/**
 * Returns the median for each length. The lengths take turns, so that other load on the machine affects all of them.
 */
async function timesOf({ plan }, streams, work) {
  const times = streams.map(() => []);
  for (let turn = -WARM_UPS; turn < plan.growthSamples; turn++) {
    for (const [index, ofLength] of streams.entries()) {
      const time = await work(ofLength[(turn + WARM_UPS) % ofLength.length]);
      if (turn >= 0) times[index].push(time);
    }
  }
  return times.map(median);
}

function timesRow(label, times, target) {
  const cell = times.map((time) => number(time, 1)).join(' / ');
  return growthRow(label, cell, times.at(-1) / times[0], target);
}

function relayRow(label, { short, long }) {
  const cell = `${number(short)} / ${number(long)}`;
  return growthRow(`${label}: events/s relayed, of the shortest / longest`, cell, short / long, READ_TARGET);
}

function growthRow(label, cell, growth, target) {
  return [`  ${label}`, cell, '', '', '', '', `${atMost(growth, target, '×')} (${ratio(growth)})`];
}
