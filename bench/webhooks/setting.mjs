import { setTimeout as pause } from 'node:timers/promises';

const TRIAL_DELIVERIES = 1_000;
/** Delay of the receiver that makes Deskstream reach its maximum number of concurrent attempts. */
const SLOW_MS = 500;
const TRIAL_MS = 3_000;

/**
 * Subscribes the receivers for each organization. Returns a sample delivery, and the number of deliveries that
 * Deskstream sends concurrently.
 */
export async function prepareSetting(receiver, installation, deskstream, ports, deliveries) {
  const urls = ports.map((port) => `http://127.0.0.1:${port}/`);
  await installation.subscribe(urls);
  const events = Math.ceil(TRIAL_DELIVERIES / urls.length);
  await receiver.call('forget');
  await receiver.call('delay', SLOW_MS);
  await deskstream.fill(events);
  await deskstream.start();
  await receiver.call('until', 1);
  await pause(TRIAL_MS);
  await receiver.call('delay', 0);
  await receiver.call('until', events * urls.length);
  await deskstream.stop();
  return { urls, deliveries, concurrency: await receiver.call('peak'), sample: await receiver.call('latest') };
}
