import { join } from 'node:path';
import { runningEmbeddedPostgres } from '../dist/libs/embedded-postgres/embedded-postgres.js';
import { BARE_TAGS_TABLE, createDatabase, CRUD_TAGS_TABLE, EVENTS_TABLE } from './databases.mjs';
import { Process } from './processes.mjs';
import { measureRounds } from './rounds.mjs';
import { compiledCrudPeer, residentMegabytes, startDeskstream, startServer, TOKEN } from './servers.mjs';
import { atLeast, atMost, number, ratio } from './table.mjs';

const CONNECTIONS = [32, 8];
/** Targets are for this many. */
const TARGET_CONNECTIONS = 32;
const SEEDED_TAGS = 1_000;
const MAX_MEGABYTES = 220;
const OPERATIONS = [
  { name: 'createTag', label: 'Create tag', argument: () => undefined, targets: { bare: 0.65, crud: 1.3 } },
  {
    name: 'get',
    label: 'Get tag by id',
    argument: (side) => side.ids.map((id) => `/v1/tags/${id}`),
    targets: { crud: 1 },
  },
];

/** Creates and reads tags over HTTP: Deskstream, the bare peer and the CRUD peer on the same PostgreSQL server. */
export async function measureHttp(bench) {
  const sides = await startSides(bench);
  const loader = Process.fork(bench, 'load', 'load.mjs', { ...process.env, TOKEN });
  for (const side of sides) side.ids = await loader.call('seed', side.url, SEEDED_TAGS);
  const rows = [];
  for (const operation of OPERATIONS) {
    const results = await measureRounds(bench, loader, sides, operation, CONNECTIONS);
    rows.push(...CONNECTIONS.flatMap((connections) => operationRows(operation, connections, results.get(connections))));
    if (operation.name === 'createTag') rows.push(await memoryRow(sides));
  }
  for (const side of [loader, ...sides.map((side) => side.process).reverse()]) await side.stop();
  return rows;
}

/** Deskstream first: its PostgreSQL serves the peers as well. */
async function startSides(bench) {
  const deskstream = await startDeskstream(bench);
  const { ownerUrl } = await runningEmbeddedPostgres(bench.dataDir);
  const bareUrl = await createDatabase(ownerUrl, 'bench_bare', EVENTS_TABLE + BARE_TAGS_TABLE);
  const crudUrl = await createDatabase(ownerUrl, 'bench_crud', CRUD_TAGS_TABLE);
  const node = (file) => [process.execPath, file];
  return [
    deskstream,
    await startServer(bench, 'bare', node(join(import.meta.dirname, 'peers/bare.mjs')), { DATABASE_URL: bareUrl }),
    await startServer(bench, 'crud', node(await compiledCrudPeer(bench)), { DATABASE_URL: crudUrl }),
  ];
}

function operationRows({ label, targets }, connections, [ours, bare, crud]) {
  const toBare = ours.perSecond / bare.perSecond;
  const toCrud = ours.perSecond / crud.perSecond;
  const judged = connections === TARGET_CONNECTIONS;
  const verdicts = [
    ...(judged && targets.bare ? [atLeast(toBare, targets.bare, '× bare')] : []),
    ...(judged && targets.crud ? [atLeast(toCrud, targets.crud, '× CRUD')] : []),
  ];
  const cells = (format) => [ours, bare, crud].map(format);
  return [
    [
      `${label}, ${connections} connections: requests/s`,
      ...cells((side) => number(side.perSecond)),
      ratio(toBare),
      ratio(toCrud),
      verdicts.join('  '),
    ],
    ['  latency p50 / p99, ms', ...cells((side) => `${number(side.p50, 1)} / ${number(side.p99, 1)}`), '', '', ''],
  ];
}

async function memoryRow(sides) {
  const megabytes = await Promise.all(sides.map((side) => residentMegabytes(side.process.pid)));
  const [ours] = megabytes;
  return [
    'Resident memory after creating, MB',
    ...megabytes.map((value) => number(value)),
    '',
    '',
    atMost(ours, MAX_MEGABYTES, 'MB'),
  ];
}
