/**
 * `npm run bench`: Deskstream beside a bare server and an ordinary CRUD server, all on this machine, in one run.
 *
 *   npm run bench -- --quick         short rounds: shows that everything runs, and the order of magnitude
 *   npm run bench -- --only=append   one part: http, people, append or start
 *
 * Ends with status 1 when something failed to run; a missed target is only shown.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { measureAppends } from './append.mjs';
import { Cleanup } from './cleanup.mjs';
import { measureHttp } from './http.mjs';
import { describeMachine } from './machine.mjs';
import { measurePeople } from './people.mjs';
import { measureStart } from './start.mjs';
import { renderTable } from './table.mjs';

const PARTS = { http: measureHttp, people: measurePeople, start: measureStart, append: measureAppends };
const FULL = {
  warmUpSeconds: 2,
  rounds: 5,
  roundSeconds: 3,
  pauseMs: 500,
  appendWarmUpSeconds: 1,
  appendSeconds: 2,
  starts: 3,
  endUsers: 100_000,
  conversations: 10_000,
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
};
const HEADER = ['', 'Deskstream', 'bare', 'CRUD', '÷ bare', '÷ CRUD', 'Target'];
const LEGEND = `bare: Fastify and pg (HTTP), pg alone (appends): the same rows, nothing else
CRUD: NestJS and TypeORM on one table, without events`;

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } });
if (values.only && !(values.only in PARTS)) {
  console.error(`--only takes one of: ${Object.keys(PARTS).join(', ')}`);
  process.exit(1);
}

const folder = await mkdtemp(join(tmpdir(), 'deskstream-bench-'));
const bench = {
  root: resolve(import.meta.dirname, '..'),
  folder,
  dataDir: join(folder, 'deskstream'),
  plan: values.quick ? QUICK : FULL,
  cleanup: new Cleanup(),
  say: (text) => process.stderr.write(`${text}\n`),
};
bench.cleanup.add(() => rm(folder, { recursive: true, force: true }));
const [loadBefore] = loadavg();
const rows = [];
let status = 1;
try {
  status = await Promise.race([measure(), interruption()]);
} catch (error) {
  console.error(`\n${error.stack}\n`);
} finally {
  await bench.cleanup.run();
}
if (rows.length > 0) console.log(`\n${renderTable(HEADER, rows)}\n\n${LEGEND}\n\n${await describeMachine(loadBefore)}`);
process.exit(status);

async function measure() {
  // PostgreSQL may run under an account of its own, which must pass through.
  await chmod(folder, 0o711);
  for (const part of values.only ? [values.only] : Object.keys(PARTS)) rows.push(...(await PARTS[part](bench)));
  return 0;
}

/** Ends with the status of a process that was interrupted. */
function interruption() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(130));
  });
}
