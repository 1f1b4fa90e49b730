import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { clock } from '../clock.mjs';
import { WORKER_READY } from './installation.mjs';

const EVENTS = 2_000;
/** Deliveries per second that the receiver's delay allows, so that the kill happens in the middle. */
const PER_SECOND = 500;
const KILL_AFTER = 500;
/** Time for the last attempts of the killed worker to arrive. */
const GRACE_MS = 20;

/**
 * Measures the seconds from `kill -9` of the worker that sends to a subscription until the next delivery.
 * @param standby whether another worker runs already; if not, one is started immediately
 */
export async function measureRecovery({ plan, say }, receiver, label, installation, { urls, concurrency }, standby) {
  const rounds = [];
  for (let round = 1; round <= plan.recoveries; round++) {
    // Attempts of the killed worker may be repeated long after the rest; they must not disturb the next round.
    await installation.subscribe(urls);
    await receiver.call('forget');
    await receiver.call('delay', Math.ceil((concurrency / PER_SECOND) * 1000));
    rounds.push(await killInDrain(receiver, installation, standby));
    say(`${label}, round ${round} of ${plan.recoveries}: ${rounds.at(-1).toFixed(2)} s`);
  }
  return rounds;
}

async function killInDrain(receiver, installation, standby) {
  const workers = [await installation.startWorker(), ...(standby ? [await installation.startWorker()] : [])];
  for (const worker of workers) await worker.printed(WORKER_READY);
  await installation.create(EVENTS);
  await receiver.call('until', KILL_AFTER);
  const killed = workers[await indexOfSender(workers, (await receiver.call('latest')).remotePort)];
  const killedAt = clock();
  await killed.kill();
  if (!standby) workers.push(await installation.startWorker());
  await pause(GRACE_MS);
  const nextAt = await receiver.call('next');
  await receiver.call('delay', 0);
  await receiver.call('until', EVENTS);
  for (const worker of workers) await worker.stop();
  return (nextAt - killedAt) / 1000;
}

/** Returns the index of the worker that has the socket of a port; 0 on systems other than Linux. */
async function indexOfSender(workers, port) {
  const inode = await inodeOfSocket(port);
  const owners = await Promise.all(workers.map(({ pid }) => socketsOf(pid)));
  return Math.max(
    0,
    owners.findIndex((sockets) => sockets.includes(`socket:[${inode}]`)),
  );
}

/** Returns the inode of the connection from a port of 127.0.0.1. */
async function inodeOfSocket(port) {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const table = await readFile('/proc/net/tcp', 'utf8').catch(() => '');
  const columns = table.split('\n').map((line) => line.trim().split(/\s+/));
  return columns.find(([, address]) => address?.endsWith(local))?.[9];
}

async function socketsOf(pid) {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  return Promise.all(descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')));
}
