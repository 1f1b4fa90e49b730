import { setTimeout as pause } from 'node:timers/promises';
import { clock } from '../clock.mjs';
import { percentile } from '../statistics.mjs';
import { halfRatesOf } from './rows.mjs';

/**
 * Measures deliveries per second of each side, in rounds in which the sides take turns: a backlog is prepared while
 * nothing is sent, then processed. The time counts from the start of the sending process until the last delivery.
 * @returns the figures of all sides, for each round
 */
export async function measureRates({ plan, say }, receiver, label, sides, { urls, deliveries }) {
  const rounds = [];
  for (let round = 1; round <= plan.rounds; round++) {
    const rates = [];
    for (const side of sides) {
      await pause(plan.pauseMs);
      rates.push(await drain(receiver, side, Math.ceil(deliveries / urls.length), urls.length));
      say(`${label}, round ${round} of ${plan.rounds}: ${side.name} ${Math.round(rates.at(-1))} deliveries/s`);
    }
    rounds.push(rates);
  }
  return rounds;
}

async function drain(receiver, side, events, subscriptions) {
  await receiver.call('forget');
  await side.fill(events);
  const begun = clock();
  await Promise.all([side.start(), receiver.call('until', events * subscriptions)]);
  await side.stop();
  return receiver.call('perSecond', begun);
}

/**
 * Measures deliveries per second of a side while events are created as fast as possible, from the first request until
 * the last delivery; and latencies at half that rate. The worker runs already.
 * @returns rates and latencies for each round, of that side only
 */
export async function measureFlow(bench, receiver, label, side, setting) {
  const { plan, say } = bench;
  await side.start();
  const rates = [];
  for (let round = 1; round <= plan.rounds; round++) {
    await receiver.call('forget');
    const begun = clock();
    const events = Math.ceil(setting.deliveries / setting.urls.length);
    await Promise.all([side.fill(events), receiver.call('until', events * setting.urls.length)]);
    rates.push([await receiver.call('perSecond', begun)]);
    say(`${label}, round ${round} of ${plan.rounds}: ${Math.round(rates.at(-1))} made and delivered/s`);
  }
  await side.stop();
  const perSecond = halfRatesOf(rates);
  return { rates, latencies: await measureLatencies(bench, receiver, label, [side], setting, perSecond) };
}

/**
 * Measures the latency of deliveries, from the answer to the event's creator until the receiver, in rounds in which the
 * sides take turns.
 * @param perSecond deliveries, for each side
 * @returns the figures of all sides, for each round
 */
export async function measureLatencies({ plan, say }, receiver, label, sides, { urls }, perSecond) {
  const stream = (side, seconds) =>
    timeStream(receiver, side, urls.length, perSecond[sides.indexOf(side)] / urls.length, seconds);
  for (const side of sides) {
    await side.start();
    await stream(side, plan.warmUpSeconds);
  }
  const rounds = [];
  for (let round = 1; round <= plan.rounds; round++) {
    const latencies = [];
    for (const side of sides) {
      await pause(plan.pauseMs);
      const { p50, p99 } = await stream(side, plan.streamSeconds);
      latencies.push({ p50, p99 });
      say(
        `${label}, round ${round} of ${plan.rounds}: ${side.name} p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
      );
    }
    rounds.push(latencies);
  }
  for (const side of sides) await side.stop();
  return rounds;
}

async function timeStream(receiver, side, subscriptions, eventsPerSecond, seconds) {
  await receiver.call('forget');
  const accepted = await side.stream(eventsPerSecond, seconds);
  await receiver.call('until', Object.keys(accepted).length * subscriptions);
  const { ids, times } = await receiver.call('arrivals');
  // Excludes deliveries from before the stream.
  const latencies = ids
    .flatMap((id, index) => (id in accepted ? [times[index] - accepted[id]] : []))
    .sort((a, b) => a - b);
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}
