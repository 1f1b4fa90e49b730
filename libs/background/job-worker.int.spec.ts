import { Outage } from '#libs/platform/outage.js';
import { openLink } from '#libs/testing/severed-link.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { JobWorker } from './job-worker.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const nothing = () => undefined;
const work = { queue: 'webhook-deliveries', concurrency: 5, process: () => Promise.resolve(), onFailed: nothing };

/** Starts a worker, and closes it when it sends the n-th piece of data. */
async function closeAt(piece: number): Promise<void> {
  let reached: () => void = nothing;
  const moment = new Promise<void>((resolve) => (reached = resolve));
  const link = await openLink(database.appUrl, (count) => {
    if (count === piece) reached();
  });
  const worker = new JobWorker({ databaseUrl: link.url }, work, new Outage('test', { begins: nothing, ends: nothing }));
  await moment;
  await worker.close();
  await link.close();
}

describe('A worker', () => {
  it('ends, and leaves no connection behind, at whatever step of its start it is told to', async () => {
    for (let piece = 1; piece <= 12; piece++) await closeAt(piece);
  });
});
