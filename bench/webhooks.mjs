/**
 * `npm run bench:webhooks`: how fast events reach their receivers, beside a bare loop around undici and a bare BullMQ
 * worker that post the same, all on this machine, in one run.
 *
 *   npm run bench:webhooks -- --quick             short rounds: shows that everything runs, and the order of magnitude
 *   npm run bench:webhooks -- --backend=redis     BullMQ on one backend alone: postgres or redis
 *
 * Redis is that of REDIS_URL, which nothing else may use meanwhile, or a `redis-server` of the machine; without either,
 * its part is left out. Prints the table for README.md. Ends with status 1 when something failed to run.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { runBench } from './bench.mjs';
import { describeMachine } from './machine.mjs';
import { Process } from './processes.mjs';
import { startRedis } from './redis.mjs';
import { markdownTable } from './table.mjs';
import { measureBacklog } from './webhooks/backlog.mjs';
import { Installation } from './webhooks/installation.mjs';
import { measureFlow, measureLatencies, measureRates } from './webhooks/rates.mjs';
import { measureRecovery } from './webhooks/recovery.mjs';
import { backlogRows, flowRows, halfRatesOf, HEADER, rateRow, latencyRow, recoveryRow } from './webhooks/rows.mjs';
import { prepareSetting } from './webhooks/setting.mjs';
import { Bare, BullMq, Deskstream } from './webhooks/sides.mjs';

const BACKENDS = { postgres: 'PostgreSQL', redis: 'Redis' };
const SUBSCRIPTIONS = [1, 100];
const FULL = {
  rounds: 3,
  deliveries: 20_000,
  pauseMs: 500,
  warmUpSeconds: 3,
  streamSeconds: 6,
  backlog: 100_000,
  recoveries: 3,
};
const QUICK = {
  rounds: 1,
  deliveries: 3_000,
  pauseMs: 200,
  warmUpSeconds: 1,
  streamSeconds: 2,
  backlog: 6_000,
  recoveries: 1,
};

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, backend: { type: 'string' } } });
if (values.backend && !(values.backend in BACKENDS)) {
  console.error(`--backend takes one of: ${Object.keys(BACKENDS).join(', ')}`);
  process.exit(1);
}

const [loadBefore] = loadavg();
const rows = [];
const status = await runBench(values.quick ? QUICK : FULL, async (bench) => {
  const receiver = Process.fork(bench, 'receiver', 'webhooks/receiver.mjs', process.env);
  const ports = await receiver.call('listen', Math.max(...SUBSCRIPTIONS));
  for (const backend of values.backend ? [values.backend] : Object.keys(BACKENDS)) {
    const redisUrl = backend === 'redis' ? await startRedis(bench) : undefined;
    if (backend === 'redis' && !redisUrl) bench.say('Redis is left out: there is no redis-server, and no REDIS_URL');
    else rows.push(...(await measureBackend(bench, receiver, ports, backend, redisUrl)));
  }
});
if (rows.length > 0) {
  const table = `${markdownTable(HEADER, rows)}\n\n${await describeMachine(loadBefore)}`;
  console.log(`\n<!-- bench:webhooks -->\n\n${table}\n\n<!-- /bench:webhooks -->`);
}
process.exit(status);

async function measureBackend(bench, receiver, ports, backend, redisUrl) {
  const installation = await Installation.start(bench, backend, redisUrl);
  const deskstream = new Deskstream(installation);
  const rows = [];
  for (const count of SUBSCRIPTIONS) {
    const label = `${BACKENDS[backend]}, ${count} ${count === 1 ? 'subscription' : 'subscriptions'}`;
    const setting = await prepareSetting(receiver, installation, deskstream, ports.slice(0, count));
    bench.say(`${label}: up to ${setting.concurrency} deliveries side by side`);
    rows.push(...(await compare(bench, receiver, label, setting, { installation, deskstream, redisUrl })));
    if (count > 1) continue;
    rows.push(...flowRows(await measureFlow(bench, receiver, `${label}, flow`, deskstream, setting)));
    const backlog = await measureBacklog(bench, receiver, `${label}, backlog`, deskstream);
    rows.push(...backlogRows(bench.plan.backlog, backlog));
    for (const standby of [false, true]) {
      const kill = `after kill -9, ${standby ? 'another standing by' : 'another started at once'}`;
      const seconds = await measureRecovery(bench, receiver, `${label}, ${kill}`, installation, setting, standby);
      rows.push(recoveryRow(kill, seconds));
    }
  }
  await installation.stop();
  return rows;
}

async function compare(bench, receiver, label, setting, { installation, deskstream, redisUrl }) {
  const bullMq = await BullMq.open(bench, setting, installation, redisUrl);
  const sides = [deskstream, new Bare(bench, setting), bullMq];
  const rates = await measureRates(bench, receiver, label, sides, setting);
  const latencies = await measureLatencies(bench, receiver, label, sides, setting, halfRatesOf(rates));
  await bullMq.close();
  return [rateRow(label, rates), latencyRow(latencies)];
}
