import { setTimeout as pause } from 'node:timers/promises';
import { clock } from '../clock.mjs';
import { residentMegabytes } from '../servers.mjs';

const SAMPLE_MS = 100;
/** Share of the backlog after which the worker has its working memory. */
const WARM_UP_SHARE = 0.1;

/** Measures a worker's memory during a long backlog of one subscription. */
export async function measureBacklog({ plan: { backlog }, say }, receiver, label, deskstream) {
  await receiver.call('forget');
  say(`${label}: makes a backlog of ${backlog}`);
  await deskstream.fill(backlog);
  const begun = clock();
  await deskstream.start();
  await receiver.call('until', Math.round(backlog * WARM_UP_SHARE));
  const sampling = { over: false, megabytes: [await residentMegabytes(deskstream.pid)] };
  const sampled = sample(deskstream, sampling);
  await receiver.call('until', backlog);
  sampling.over = true;
  await sampled;
  await deskstream.stop();
  const result = {
    perSecond: await receiver.call('perSecond', begun),
    warmedUp: sampling.megabytes[0],
    highest: Math.max(...sampling.megabytes),
  };
  say(`${label}: ${Math.round(result.perSecond)} deliveries/s, at most ${Math.round(result.highest)} MB`);
  return result;
}

async function sample(deskstream, sampling) {
  while (!sampling.over) {
    await pause(SAMPLE_MS);
    sampling.megabytes.push(await residentMegabytes(deskstream.pid));
  }
}
