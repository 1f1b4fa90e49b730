import { existsSync } from 'node:fs';
import { NPM_START, startDeskstream } from './servers.mjs';
import { median } from './statistics.mjs';
import { atMost, number } from './table.mjs';

const MAX_SECONDS = 5;

/** Measures `npm start` until the first healthy answer, with an existing build and data directory. */
export async function measureStart(bench) {
  if (!existsSync(bench.dataDir)) await stopped(startDeskstream(bench));
  const seconds = [];
  for (let round = 1; round <= bench.plan.starts; round++) {
    bench.say(`Start: round ${round} of ${bench.plan.starts}`);
    const begun = performance.now();
    const starting = startDeskstream(bench, NPM_START);
    await starting;
    seconds.push((performance.now() - begun) / 1000);
    await stopped(starting);
  }
  const middle = median(seconds);
  return [['Ready after npm start, s', number(middle, 1), '', '', '', '', atMost(middle, MAX_SECONDS, 's')]];
}

async function stopped(starting) {
  const deskstream = await starting;
  await deskstream.process.stop();
}
