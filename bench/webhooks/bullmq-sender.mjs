import { randomUUIDv7 } from 'node:crypto';
import { createPostgresBackend, Queue, runMigrations, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { serveCalls } from '../calls.mjs';
import { clock } from '../clock.mjs';
import { openLoop } from '../open-loop.mjs';
import { Sender } from './sender.mjs';

/** Forked twice: one process adds jobs, the other works on them. */
const { sample, urls, concurrency, redisUrl, databaseUrl } = JSON.parse(process.env.SETTING);
const QUEUE = 'bench-webhooks';
const SCHEMA = 'bullmq';
const JOBS_AT_ONCE = 500;
const CONNECTIONS = 10;
const sender = new Sender(sample);
const connection = redisUrl
  ? new Redis(redisUrl, { maxRetriesPerRequest: null })
  : new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS, options: `-c search_path=${SCHEMA}` });
const backend = redisUrl ? undefined : createPostgresBackend;
let queue;

/** Opens the queue, and brings BullMQ's tables up to date on PostgreSQL. */
async function openQueue() {
  if (databaseUrl) {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await runMigrations(client, SCHEMA);
    await client.end();
  }
  queue = new Queue(QUEUE, { connection, defaultJobOptions: { removeOnComplete: true, removeOnFail: true } }, backend);
  await queue.waitUntilReady();
}

/** Adds a job for each receiver of this number of events. */
async function fill(events) {
  const jobs = Array.from({ length: events }, () => jobsOf(randomUUIDv7())).flat();
  for (let from = 0; from < jobs.length; from += JOBS_AT_ONCE)
    await queue.addBulk(jobs.slice(from, from + JOBS_AT_ONCE));
}

/** Adds the jobs of events at a constant rate, and returns when those of each event had been added. */
async function stream(perSecond, seconds) {
  const added = await openLoop(perSecond, seconds, async () => {
    const id = randomUUIDv7();
    await queue.addBulk(jobsOf(id));
    return [id, clock()];
  });
  return Object.fromEntries(added);
}

function jobsOf(id) {
  return urls.map((url) => ({ name: 'deliver', data: { url, id, body: sender.body(id) } }));
}

async function work() {
  const deliver = ({ data: { url, id, body } }) => sender.post(url, id, body);
  const worker = new Worker(QUEUE, deliver, { connection, concurrency }, backend);
  worker.on('error', (error) => console.error(error));
  worker.on('failed', (job, error) => console.error(error));
  await worker.waitUntilReady();
}

serveCalls({ openQueue, fill, stream, work });
