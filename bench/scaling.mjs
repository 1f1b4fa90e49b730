/**
 * `npm run bench:scaling`: what 1, 2 and 4 processes do on one PostgreSQL, workers and API processes, on this machine, in
 * one run.
 *
 *   npm run bench:scaling -- --quick          short rounds: shows that everything runs
 *   npm run bench:scaling -- --only=workers   one part: workers or api
 *
 * More processes do more only while the machine has CPU to spare, so what counts is the CPU time that each delivery, and
 * each request, takes of all these processes together: it should stay what it is with one. `/proc` tells it, on Linux
 * alone. Ends with status 1 when something failed to run; a missed target is only shown.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { runBench } from './bench.mjs';
import { describeMachine } from './machine.mjs';
import { measureApi } from './scaling/api.mjs';
import { HEADER } from './scaling/rows.mjs';
import { measureWorkers } from './scaling/workers.mjs';
import { markdownTable } from './table.mjs';

const PARTS = { workers: measureWorkers, api: measureApi };
/** `settleMs` is for what is still under way before something is measured. */
const FULL = { rounds: 3, warmUpEvents: 1_000, events: 10_000, warmUpSeconds: 4, seconds: 6, settleMs: 1_000 };
const QUICK = { rounds: 1, warmUpEvents: 200, events: 500, warmUpSeconds: 1, seconds: 2, settleMs: 500 };

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } });
if (values.only && !(values.only in PARTS)) {
  console.error(`--only takes one of: ${Object.keys(PARTS).join(', ')}`);
  process.exit(1);
}

const [loadBefore] = loadavg();
const rows = [];
const status = await runBench(values.quick ? QUICK : FULL, async (bench) => {
  for (const part of values.only ? [values.only] : Object.keys(PARTS)) rows.push(...(await PARTS[part](bench)));
});
if (rows.length > 0) console.log(`\n${markdownTable(HEADER, rows)}\n\n${await describeMachine(loadBefore)}`);
process.exit(status);
