import { join } from 'node:path';
import { runningEmbeddedPostgres } from '../dist/libs/embedded-postgres/embedded-postgres.js';
import { BARE_TAGS_TABLE, createDatabase, CRUD_TAGS_TABLE, EVENTS_TABLE } from './databases.mjs';
import { operationRows } from './operation-rows.mjs';
import { createOrganizations } from './organizations.mjs';
import { Process } from './processes.mjs';
import { measureRounds } from './rounds.mjs';
import { compiledCrudPeer, peerCommand, residentMegabytes, startDeskstream, startServer, TOKEN } from './servers.mjs';
import { atLeast, atMost, number } from './table.mjs';

const CONNECTIONS = [32, 8];
/** The number of connections that targets apply to. */
const TARGET_CONNECTIONS = 32;
const SEEDED_TAGS = 1_000;
const MAX_MEGABYTES = 200;
const OPERATIONS = [
  { name: 'createTag', label: 'Create tag', argument: () => undefined, targets: { bare: 0.85, crud: 2.0 } },
  {
    name: 'get',
    label: 'Get tag by id',
    argument: (side) => side.ids.map((id) => `/v1/tags/${id}`),
    targets: { crud: 1.5 },
  },
];

/** The same operations by many organizations in turn, compared with one organization. */
const ORGANIZATIONS = 100;
const SHARE_OF_ONE = 0.85;
const OF_MANY = [
  { name: 'createTagInTurn', label: 'Create tag', argument: ({ tokens }) => tokens },
  { name: 'getOfAny', label: 'Get tag by id', argument: ({ places }) => places },
];

/** Creates and reads tags over HTTP: Deskstream, the bare peer and the CRUD peer, on the same PostgreSQL server. */
export async function measureHttp(bench) {
  const sides = await startSides(bench);
  const loader = Process.fork(bench, 'load', 'load.mjs', { ...process.env, TOKEN });
  for (const side of sides) side.ids = await loader.call('seed', side.url, SEEDED_TAGS);
  const rows = [];
  for (const operation of OPERATIONS) {
    const results = await measureRounds(bench, loader, sides, operation, CONNECTIONS);
    rows.push(...CONNECTIONS.flatMap((connections) => rowsOf(operation, connections, results.get(connections))));
    if (operation.name === 'createTag') rows.push(await memoryRow(sides));
  }
  rows.push(...(await measureOrganizations(bench, loader, sides[0])));
  for (const side of [loader, ...sides.map((side) => side.process).reverse()]) await side.stop();
  return rows;
}

/** Measures many organizations in turns with one. */
async function measureOrganizations(bench, loader, side) {
  side.tokens = (await createOrganizations(bench.dataDir, ORGANIZATIONS)).map(({ token }) => token);
  side.places = await loader.call('seedEach', side.url, side.tokens);
  const one = { ...side, tokens: [TOKEN], places: side.ids.map((id) => ({ path: `/v1/tags/${id}`, token: TOKEN })) };
  const rows = [];
  for (const { label, ...operation } of OF_MANY) {
    const title = `${label}, ${ORGANIZATIONS} organizations, ${TARGET_CONNECTIONS} connections`;
    const results = await measureRounds(bench, loader, [side, one], { ...operation, label: title }, [
      TARGET_CONNECTIONS,
    ]);
    const [many, alone] = results.get(TARGET_CONNECTIONS);
    const [figures, latency] = operationRows(title, { ours: many });
    figures.splice(
      -1,
      1,
      atLeast(many.perSecond / alone.perSecond, SHARE_OF_ONE, `× one (${number(alone.perSecond)})`),
    );
    rows.push(figures, latency);
  }
  return rows;
}

/** Starts Deskstream first, because its PostgreSQL also serves the peers. */
async function startSides(bench) {
  const deskstream = await startDeskstream(bench);
  const { ownerUrl } = await runningEmbeddedPostgres(bench.dataDir);
  const bareUrl = await createDatabase(ownerUrl, 'bench_bare', EVENTS_TABLE + BARE_TAGS_TABLE);
  const crudUrl = await createDatabase(ownerUrl, 'bench_crud', CRUD_TAGS_TABLE);
  const bare = await peerCommand(bench, join(import.meta.dirname, 'peers/bare.mjs'));
  const crud = await peerCommand(bench, await compiledCrudPeer(bench));
  return [
    deskstream,
    await startServer(bench, 'bare', bare, { DATABASE_URL: bareUrl }),
    await startServer(bench, 'crud', crud, { DATABASE_URL: crudUrl }),
  ];
}

function rowsOf({ label, targets }, connections, [ours, bare, crud]) {
  const judged = connections === TARGET_CONNECTIONS ? targets : {};
  return operationRows(`${label}, ${connections} connections`, { ours, bare, crud }, judged);
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
