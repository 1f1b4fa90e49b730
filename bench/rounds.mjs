import { setTimeout as pause } from 'node:timers/promises';
import { median } from './statistics.mjs';

/**
 * Returns, for each number of connections, each side's median of rounds in which the sides take turns.
 * @param argument returns the operation's argument for a side: see `load.mjs`
 */
export async function measureRounds({ plan, say }, loader, sides, { name, label, argument }, numbersOfConnections) {
  const rounds = new Map(numbersOfConnections.map((connections) => [connections, sides.map(() => [])]));
  const load = (side, connections, seconds) =>
    loader.call('load', side.url, name, connections, seconds, argument(side));
  for (const side of sides) {
    say(`${label}: ${side.name} warms up`);
    await load(side, numbersOfConnections[0], plan.warmUpSeconds);
  }
  for (let round = 1; round <= plan.rounds; round++) {
    for (const connections of numbersOfConnections) {
      say(`${label}: ${connections} connections, round ${round} of ${plan.rounds}`);
      for (const [index, side] of sides.entries()) {
        await pause(plan.pauseMs);
        rounds.get(connections)[index].push(await load(side, connections, plan.roundSeconds));
      }
    }
  }
  return new Map([...rounds].map(([connections, results]) => [connections, results.map(medianResult)]));
}

function medianResult(results) {
  const of = (field) => median(results.map((result) => result[field]));
  return { perSecond: of('perSecond'), p50: of('p50'), p99: of('p99') };
}
