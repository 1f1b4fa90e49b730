import { join } from 'node:path';
import { startEmbeddedPostgres } from '../dist/libs/embedded-postgres/embedded-postgres.js';
import { migrate } from '../dist/apps/setup.js';
import { createDatabase, EVENTS_TABLE } from './databases.mjs';
import { Process } from './processes.mjs';
import { median } from './statistics.mjs';
import { atLeast, number, ratio } from './table.mjs';

const CLIENTS = [1, 8, 32];
const TARGET_CLIENTS = 8;
const TARGET = 0.6;
const VARIANTS = ['events', 'eventsAndTags', 'plainInserts', 'batched', 'pipelined'];

/** Compares appends through the event store with plain inserts of the same row, on a separate PostgreSQL server. */
export async function measureAppends(bench) {
  const starting = startEmbeddedPostgres({ dataDir: join(bench.folder, 'append') });
  bench.cleanup.add(async () => (await starting).stop());
  const { ownerUrl, appUrl } = await starting;
  await migrate({ ownerUrl, appUrl });
  const plainUrl = await createDatabase(
    ownerUrl,
    'bench_plain',
    `${EVENTS_TABLE} CREATE TABLE flags (id uuid PRIMARY KEY, name text NOT NULL);`,
  );
  const client = Process.fork(bench, 'append', 'append-client.mjs', {
    ...process.env,
    APP_URL: appUrl,
    PLAIN_URL: plainUrl,
  });
  const rows = [];
  for (const clients of CLIENTS) rows.push(...appendRows(clients, await measureClients(bench, client, clients)));
  await client.stop();
  return rows;
}

/** Returns the appends per second of each variant: the median of rounds in which the variants take turns. */
async function measureClients({ plan, say }, client, clients) {
  const rates = Object.fromEntries(VARIANTS.map((variant) => [variant, []]));
  for (const variant of VARIANTS) await client.call(variant, clients, plan.appendWarmUpSeconds);
  for (let round = 1; round <= plan.rounds; round++) {
    say(`Append: ${countOf(clients)}, round ${round} of ${plan.rounds}`);
    for (const variant of VARIANTS) rates[variant].push(await client.call(variant, clients, plan.appendSeconds));
  }
  return Object.fromEntries(VARIANTS.map((variant) => [variant, median(rates[variant])]));
}

function appendRows(clients, { events, eventsAndTags, plainInserts, batched, pipelined }) {
  const row = (label, rate, verdict, bare = plainInserts) => [
    `${label}, ${countOf(clients)}: appends/s`,
    ...[rate, bare].map((value) => number(value)),
    '',
    ratio(rate / bare),
    '',
    verdict,
  ];
  const verdict = clients === TARGET_CLIENTS ? atLeast(events / plainInserts, TARGET, '× bare') : '';
  return [
    row('Append', events, verdict),
    row('Append with read table', eventsAndTags, ''),
    row('Two inserts as one batch, beside the pipelining of `pg`', batched, '', pipelined),
  ];
}

function countOf(clients) {
  return `${clients} ${clients === 1 ? 'client' : 'clients'}`;
}
