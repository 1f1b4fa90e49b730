/**
 * Starts queues and workers concurrently, one for each argument, which names the backend: `{queue, databaseUrl,
 * redisUrl?}`. Prints each queue whose job was processed. SIGTERM closes all, and the process exits with 0.
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

/** Adds a job, and tries again until it succeeds, as periodic tasks do. */
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
