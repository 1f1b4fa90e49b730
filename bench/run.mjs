/**
 * `npm run bench`: Deskstream compared with a bare server and an ordinary CRUD server, all on this machine, in one run.
 *
 *   npm run bench -- --quick         short rounds: shows that everything runs, and the order of magnitude
 *   npm run bench -- --only=append   one part: http, people, start, append, growth or store
 *   npm run bench -- --only=store --events=100000,1000000   numbers of events at which the store is measured
 *
 * Without `--only`, all parts but the store, which takes hours. Exits with status 1 when something failed to run; a missed target is only shown.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { measureAppends } from './append.mjs';
import { runBench } from './bench.mjs';
import { measureGrowth } from './growth.mjs';
import { measureHttp } from './http.mjs';
import { describeMachine } from './machine.mjs';
import { measurePeople } from './people.mjs';
import { measureStart } from './start.mjs';
import { measureStore } from './store.mjs';
import { renderTable } from './table.mjs';

const PARTS = {
  http: measureHttp,
  people: measurePeople,
  start: measureStart,
  append: measureAppends,
  growth: measureGrowth,
  store: measureStore,
};
const USUAL = Object.keys(PARTS).filter((part) => part !== 'store');
const FULL = {
  warmUpSeconds: 6,
  rounds: 5,
  roundSeconds: 3,
  pauseMs: 500,
  appendWarmUpSeconds: 1,
  appendSeconds: 2,
  starts: 3,
  endUsers: 100_000,
  conversations: 10_000,
  growth: [10, 100, 1_000, 10_000],
  growthSamples: 100,
  relayEvents: 3_000,
  storeEvents: [100_000, 1_000_000, 3_000_000, 10_000_000],
  storeOrganizations: 1_000,
  storeSamples: 200,
};
const QUICK = {
  warmUpSeconds: 1,
  rounds: 1,
  roundSeconds: 0.8,
  pauseMs: 200,
  appendWarmUpSeconds: 0.2,
  appendSeconds: 0.5,
  starts: 1,
  endUsers: 2_000,
  conversations: 300,
  growth: [10, 100, 1_000],
  growthSamples: 20,
  relayEvents: 1_500,
  storeEvents: [2_000, 4_000],
  storeOrganizations: 64,
  storeSamples: 20,
};
const HEADER = ['', 'Deskstream', 'bare', 'CRUD', '÷ bare', '÷ CRUD', 'Target'];
const LEGEND = `bare: Fastify and pg (HTTP), pg alone (appends): the same rows, nothing else
CRUD: NestJS and TypeORM on one table, without events`;

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, only: { type: 'string' }, events: { type: 'string' } },
});
if (values.only && !(values.only in PARTS)) {
  console.error(`--only takes one of: ${Object.keys(PARTS).join(', ')}`);
  process.exit(1);
}

const plan = { ...(values.quick ? QUICK : FULL) };
if (values.events) plan.storeEvents = values.events.split(',').map(Number);
const [loadBefore] = loadavg();
const rows = [];
const status = await runBench(plan, async (bench) => {
  for (const part of values.only ? [values.only] : USUAL) rows.push(...(await PARTS[part](bench)));
});
if (rows.length > 0) console.log(`\n${renderTable(HEADER, rows)}\n\n${LEGEND}\n\n${await describeMachine(loadBefore)}`);
process.exit(status);
