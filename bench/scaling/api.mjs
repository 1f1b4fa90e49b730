import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { Process } from '../processes.mjs';
import { Installation } from '../webhooks/installation.mjs';
import { Meter } from './meter.mjs';
import { scalingRows } from './rows.mjs';
import { inRounds, MOST } from './rounds.mjs';

const ORGANIZATIONS = 100;
/** Number of connections, which the processes share. */
const CONNECTIONS = 32;

/**
 * Measures the tags that organizations create in turn at 1, 2 and 4 API processes, per second, and the CPU time of
 * these processes for each tag. The other processes run idle.
 */
export async function measureApi(bench) {
  const { plan, say } = bench;
  const installation = await Installation.start(bench, 'apis');
  const tokens = await installation.organize(ORGANIZATIONS);
  const loader = Process.fork(bench, 'load', 'load.mjs', process.env);
  const client = new pg.Client({ connectionString: installation.ownerUrl });
  await client.connect();
  while (installation.apis.length < MOST) await installation.startApi();
  const load = (apis, seconds) => {
    const urls = apis.map(({ url }) => url);
    return loader.call('loadAll', urls, 'createTagInTurn', CONNECTIONS, seconds, tokens);
  };
  for (const api of installation.apis) await load([api], plan.warmUpSeconds);
  const results = await inRounds(bench, 'API', async (count, label) => {
    await pause(plan.settleMs);
    const apis = installation.apis.slice(0, count);
    const meter = await Meter.start(
      apis.map((api) => api.process),
      client,
    );
    const { perSecond, responses } = await load(apis, plan.seconds);
    const times = await meter.per(responses);
    say(`${label}: ${Math.round(perSecond)}/s, ${times.each.map(Math.round).join(' + ')} µs`);
    return { perSecond, ...times };
  });
  await client.end();
  await loader.stop();
  await installation.stop();
  return scalingRows('Create tag', ['API process', 'API processes'], results);
}
