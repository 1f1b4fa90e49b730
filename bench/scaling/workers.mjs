import { setTimeout as pause } from 'node:timers/promises';
import { clock } from '../clock.mjs';
import { Process } from '../processes.mjs';
import { Installation, WORKER_READY } from '../webhooks/installation.mjs';
import { Backlog } from './backlog.mjs';
import { Meter } from './meter.mjs';
import { scalingRows } from './rows.mjs';
import { inRounds } from './rounds.mjs';

/** Enough organizations that workers can share the partitions. */
const [ORGANIZATIONS, SUBSCRIPTIONS] = [100, 10];
/** The kinds of backlog, and how each is held back until workers may begin. */
const BACKLOGS = [
  { label: 'Events to deliver', hold: 'holdEvents', release: 'releaseEvents', pending: () => 0 },
  { label: 'Deliveries to send', hold: 'holdDeliveries', release: 'releaseDeliveries', pending: deliveriesOf },
];

/**
 * Measures the deliveries per second of 1, 2 and 4 warmed-up workers until the last delivery, and their CPU time until
 * it is recorded.
 */
export async function measureWorkers(bench) {
  const receiver = Process.fork(bench, 'receiver', 'webhooks/receiver.mjs', process.env);
  const ports = await receiver.call('listen', SUBSCRIPTIONS);
  const installation = await Installation.start(bench, 'workers');
  const backlog = await Backlog.open(installation.ownerUrl);
  await installation.organize(ORGANIZATIONS);
  await installation.subscribe(ports.map((port) => `http://127.0.0.1:${port}/`));
  const setting = { receiver, installation, backlog };
  const measured = [];
  for (const kind of BACKLOGS) {
    measured.push(
      await inRounds(bench, kind.label, (count, label) => measureCount(bench, setting, kind, count, label)),
    );
  }
  await backlog.close();
  await installation.stop();
  await receiver.stop();
  return BACKLOGS.flatMap(({ label }, index) => scalingRows(label, ['worker', 'workers'], measured[index]));
}

async function measureCount(bench, setting, kind, count, label) {
  const { installation, backlog } = setting;
  const workers = [];
  while (workers.length < count) workers.push(await installation.startWorker());
  for (const worker of workers) await worker.printed(WORKER_READY);
  await backlog.untilShared(count);
  await warmUp(setting, count * bench.plan.warmUpEvents);
  const { each, repeated, ...figures } = await workOff(bench, setting, workers, kind);
  bench.say(
    `${label}: ${Math.round(figures.perSecond)}/s, ${each.map(Math.round).join(' + ')} µs, ${repeated} repeated`,
  );
  for (const worker of workers) if (worker.warnings.length > 0) bench.say(`A worker warned: ${worker.warnings.at(-1)}`);
  await Promise.all(workers.map((worker) => worker.stop()));
  return figures;
}

async function warmUp({ receiver, installation, backlog }, events) {
  await receiver.call('forget');
  await installation.create(events);
  await receiver.call('until', deliveriesOf(events));
  await backlog.untilPending(0);
}

async function workOff({ plan }, { receiver, installation, backlog }, workers, { hold, release, pending }) {
  const deliveries = deliveriesOf(plan.events);
  await receiver.call('forget');
  await backlog[hold]();
  await installation.create(plan.events);
  await backlog.untilPending(pending(plan.events));
  await pause(plan.settleMs);
  const meter = await Meter.start(workers, backlog.client);
  const begun = clock();
  await backlog[release]();
  await receiver.call('until', deliveries);
  await backlog.untilPending(0);
  const times = await meter.per(deliveries);
  const perSecond = await receiver.call('perSecond', begun);
  return { perSecond, ...times, repeated: await receiver.call('repeated') };
}

function deliveriesOf(events) {
  return events * SUBSCRIPTIONS;
}
