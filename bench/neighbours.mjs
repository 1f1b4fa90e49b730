/**
 * `npm run bench:neighbours`: how the load of one organization affects another, on this machine, in one run.
 *
 *   npm run bench:neighbours -- --quick          short rounds: shows that everything runs
 *   npm run bench:neighbours -- --only=imports   one kind of load
 *
 * Exits with status 1 when something failed to run; a missed target is only shown.
 */
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runBench } from './bench.mjs';
import { describeMachine } from './machine.mjs';
import { createOrganizations } from './organizations.mjs';
import { Process } from './processes.mjs';
import { freePort, startDeskstream } from './servers.mjs';
import { percentile } from './statistics.mjs';
import { atMost, markdownTable, number } from './table.mjs';

const FULL = { seconds: 30, subscriptions: 600, backlog: 20_000, settleMs: 3_000 };
const QUICK = { seconds: 4, subscriptions: 50, backlog: 1_000, settleMs: 500 };
const PER_SECOND = 5;
/** Maximum p99 of the neighbour's API, as a multiple of that without load, and maximum p99 of its webhooks. */
const [API_TARGET, WEBHOOK_MS] = [2, 500];
const ARRIVE_WITHIN_MS = 120_000;
const POLL_MS = 50;
const HEADER = [
  'A does',
  'B’s API p50 / p99, ms',
  'B’s webhooks p50 / p99, ms',
  'B’s other answers',
  'A’s answers',
  'Target',
];

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } });
const [loadBefore] = loadavg();
const rows = [];
const status = await runBench(values.quick ? QUICK : FULL, async (bench) => {
  const { url } = await startDeskstream(bench);
  const receiver = Process.fork(bench, 'receiver', 'webhooks/receiver.mjs', process.env);
  const silent = Process.fork(bench, 'silent', 'neighbours/silent-receiver.mjs', process.env);
  const [port] = await receiver.call('listen', 1);
  const uses = usesOf(bench.plan, await silent.call('listen'), await freePort());
  const wanted = uses.filter(({ name }, index) => index === 0 || !values.only || name === values.only);
  const administrators = await createOrganizations(bench.dataDir, uses.length + 1);
  const [tokenOfB, ...tokens] = administrators.map(({ token }) => token);
  const sides = ['a', 'b'].map((name) => Process.fork(bench, name, 'neighbours/load.mjs', process.env));
  const b = { url, token: tokenOfB };
  await sides[1].call('subscribe', b, port);
  let idle;
  for (const [index, { label, ...use }] of wanted.entries()) {
    bench.say(label);
    const felt = await measure(bench, sides, receiver, { a: { url, token: tokens[index] }, b, use });
    idle ??= felt;
    rows.push(rowOf(label, felt, idle));
  }
});
if (rows.length > 0) console.log(`\n${markdownTable(HEADER, rows)}\n\n${await describeMachine(loadBefore)}`);
process.exit(status);

/** Returns the loads of A; see `neighbours/load.mjs`. */
function usesOf({ subscriptions, backlog }, silentPort, closedPort) {
  const some = number(subscriptions);
  return [
    { label: 'nothing', name: 'nothing' },
    {
      label: `${some} subscriptions to a receiver that never answers, 60 events`,
      ...{ name: 'subscriptions', subscriptions, events: 60, port: silentPort },
    },
    {
      label: `${some} subscriptions to a port where nobody listens, 100 events`,
      ...{ name: 'subscriptions', subscriptions, events: 100, port: closedPort },
    },
    { label: '4 bulk imports of 1,000 at a time', name: 'imports' },
    { label: '8 bulk imports of 1,000 at a time, under keys', name: 'keyedImports' },
    { label: '4 bulk patches of the same 20 end users at a time, under keys', name: 'keyedPatches' },
    { label: 'patches of 1,000 items of one end user, under keys', name: 'longStream' },
    {
      label: `1 subscription to a receiver that never answers, ${number(backlog)} events`,
      ...{ name: 'subscriptions', subscriptions: 1, events: backlog, port: silentPort },
    },
  ];
}

/** B sends requests at a constant rate while A's load runs. */
async function measure({ plan }, [loadOfA, loadOfB], receiver, { a, b, use }) {
  await receiver.call('forget');
  await loadOfA.call('start', a, use);
  const answers = await loadOfB.call('pace', b, PER_SECOND, plan.seconds);
  const created = new Map(answers.filter(({ id }) => id).map((answer) => [answer.id, answer]));
  const arrived = await arrivals(receiver, created);
  const answersOfA = await loadOfA.call('stop', a);
  await pause(plan.settleMs);
  const sorted = (times) => times.sort((one, other) => one - other);
  return {
    api: sorted(answers.map(({ begun, answered }) => answered - begun)),
    webhooks: sorted([...arrived].map(([id, at]) => at - created.get(id).answered)),
    missing: created.size - arrived.size,
    others: answers.filter(({ id }) => !id).map(({ status }) => status),
    answersOfA,
  };
}

/** Returns when the created tags arrived at the receiver. Those that do not arrive in time are missing. */
async function arrivals(receiver, created) {
  const deadline = performance.now() + ARRIVE_WITHIN_MS;
  for (;;) {
    const { ids, times } = await receiver.call('arrivals');
    const arrived = new Map(ids.map((id, index) => [id, times[index]]).filter(([id]) => created.has(id)));
    if (arrived.size === created.size || performance.now() > deadline) return arrived;
    await pause(POLL_MS);
  }
}

function rowOf(label, felt, idle) {
  const [p99, idleP99, webhookP99] = [felt.api, idle.api, felt.webhooks].map((times) => percentile(times, 0.99));
  const times = (sorted) => `${number(percentile(sorted, 0.5))} / ${number(percentile(sorted, 0.99))}`;
  const others = [...felt.others, ...(felt.missing > 0 ? [`${felt.missing} never delivered`] : [])];
  const verdict = `${atMost(p99 / idleP99, API_TARGET, '× idle')}  ${atMost(webhookP99, WEBHOOK_MS, 'ms')}`;
  const answersOfA = Object.entries(felt.answersOfA).map(([status, count]) => `${count} × ${status}`);
  return [
    label,
    times(felt.api),
    times(felt.webhooks),
    others.join(', '),
    answersOfA.join(', '),
    felt === idle ? '' : verdict,
  ];
}
