/**
 * `npm run bench:scaling`: what 1, 2 and 4 workers, or API processes, do on one PostgreSQL, on this machine, in one
 * run.
 *
 *   npm run bench:scaling -- --quick          short rounds: shows that everything runs
 *   npm run bench:scaling -- --only=workers   one part: workers or api
 *
 * More processes do more only while the machine has spare CPU. The target is therefore the CPU time of all these
 * processes for each delivery or request: it should stay what it is with one process. It is read from `/proc`, which
 * requires Linux. Exits with status 1 when something failed to run; a missed target is only shown.
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
/** `settleMs` is the pause for work in progress before a measurement. */
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
