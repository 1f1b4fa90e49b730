/**
 * Starts queues and workers side by side, each on the way to its backend that an argument names: `{queue, databaseUrl,
 * redisUrl?}`. Tells of each whose job was worked on. SIGTERM closes all, and tells that.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Jobs } from '../../dist/libs/background/jobs.js';

const outage = { failed: () => undefined, worked: () => undefined };
const starts = process.argv.slice(2).map((argument) => {
  const { queue, ...location } = JSON.parse(argument);
  const jobs = new Jobs({ ...location, outage, onFailed: () => undefined });
  jobs.worker(queue, 5, () => {
    console.log(`worked on ${queue}.`);
    return Promise.resolve();
  });
  void add(jobs.queue(queue));
  return jobs;
});
process.once('SIGTERM', () => {
  void Promise.all(starts.map((jobs) => jobs.close())).then(() => process.exit(0));
});

/** Until it succeeds, as those do who look for work periodically. */
async function add(queue) {
  for (;;) {
    try {
      await queue.addBulk([{ name: 'job', data: {}, opts: { removeOnComplete: true } }]);
      return;
    } catch {
      await pause(100);
    }
  }
}
