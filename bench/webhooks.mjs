/**
 * `npm run bench:webhooks`: how fast events reach their receivers, compared with a bare loop around undici and a bare
 * BullMQ worker that post the same, all on this machine, in one run.
 *
 *   npm run bench:webhooks -- --quick             short rounds: shows that everything runs, and the order of magnitude
 *   npm run bench:webhooks -- --backend=redis     BullMQ on one backend only: postgres or redis
 *   npm run bench:webhooks -- --rounds=1          one round instead of three, whose medians are shown
 *
 * Deliveries/s count from the start of the sending process, Deskstream's or a peer's, until the last delivery. The
 * start takes about a second, which is a small part of the time of a full backlog, but most of that of a short round.
 *
 * Redis is that of REDIS_URL, which nothing else may use during the run, or a `redis-server` of the machine; without
 * either, its part is skipped. Prints the table for README.md. Exits with status 1 when something failed to run.
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
import {
  backlogRows,
  flowRows,
  halfRatesOf,
  HEADER,
  latencyRow,
  rateRow,
  recoveryRow,
  twoWorkersRow,
} from './webhooks/rows.mjs';
import { prepareSetting } from './webhooks/setting.mjs';
import { Bare, BullMq, Deskstream } from './webhooks/sides.mjs';

/** Maximum number of subscriptions of one organization. */
const MOST_SUBSCRIPTIONS = 100;
const BACKENDS = { postgres: 'PostgreSQL', redis: 'Redis' };
const FULL = {
  rounds: 3,
  deliveries: 30_000,
  ofMany: { organizations: 500, subscriptions: 10, deliveries: 20_000 },
  pauseMs: 500,
  warmUpSeconds: 3,
  streamSeconds: 6,
  backlog: 60_000,
  recoveries: 3,
};
const QUICK = {
  rounds: 1,
  deliveries: 3_000,
  ofMany: { organizations: 50, subscriptions: 10, deliveries: 2_000 },
  pauseMs: 200,
  warmUpSeconds: 1,
  streamSeconds: 2,
  backlog: 6_000,
  recoveries: 1,
};

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, backend: { type: 'string' }, rounds: { type: 'string' } },
});
const rounds = Number(values.rounds ?? FULL.rounds);
if (values.backend && !(values.backend in BACKENDS)) {
  console.error(`--backend takes one of: ${Object.keys(BACKENDS).join(', ')}`);
  process.exit(1);
}

const [loadBefore] = loadavg();
const rows = [];
const status = await runBench(values.quick ? QUICK : { ...FULL, rounds }, async (bench) => {
  const receiver = Process.fork(bench, 'receiver', 'webhooks/receiver.mjs', process.env);
  const ports = await receiver.call('listen', MOST_SUBSCRIPTIONS);
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
  for (const { organizations, subscriptions, deliveries } of loadsOf(bench.plan)) {
    const label = labelOf(backend, organizations, subscriptions);
    if (organizations > 1) await installation.organize(organizations);
    const receivers = ports.slice(0, subscriptions);
    const setting = await prepareSetting(receiver, installation, deskstream, receivers, deliveries);
    bench.say(`${label}: up to ${setting.concurrency} deliveries side by side`);
    rows.push(...(await compare(bench, receiver, label, setting, { installation, deskstream, redisUrl })));
    if (subscriptions > 1) continue;
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

/** Returns the loads. The organizations share the receivers. */
function loadsOf({ deliveries, ofMany }) {
  return [
    { organizations: 1, subscriptions: 1, deliveries },
    { organizations: 1, subscriptions: MOST_SUBSCRIPTIONS, deliveries },
    ofMany,
  ];
}

function labelOf(backend, organizations, subscriptions) {
  const each = organizations > 1 ? `${organizations} organizations × ${subscriptions}` : subscriptions;
  return `${BACKENDS[backend]}, ${each} ${subscriptions === 1 ? 'subscription' : 'subscriptions'}`;
}

/** A subscription is drained by one process at a time, so two workers are measured only with several subscriptions. */
async function compare(bench, receiver, label, setting, { installation, deskstream, redisUrl }) {
  const bullMq = await BullMq.open(bench, setting, installation, redisUrl);
  const sides = [deskstream, new Bare(bench, setting), bullMq];
  const pair = setting.urls.length > 1 ? [new Deskstream(installation, 2)] : [];
  const rates = await measureRates(bench, receiver, label, [...sides, ...pair], setting);
  const latencies = await measureLatencies(bench, receiver, label, sides, setting, halfRatesOf(rates));
  await bullMq.close();
  return [rateRow(label, rates), ...pair.map(() => twoWorkersRow(rates)), latencyRow(latencies)];
}
