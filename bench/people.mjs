import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { runningEmbeddedPostgres } from '../dist/libs/embedded-postgres/embedded-postgres.js';
import { createDatabase, CRUD_PEOPLE_TABLES } from './databases.mjs';
import { operationRows } from './operation-rows.mjs';
import { conversation, endUser } from './people-data.mjs';
import { Process } from './processes.mjs';
import { measureRounds } from './rounds.mjs';
import { compiledCrudPeer, peerCommand, startDeskstream, startServer, TOKEN } from './servers.mjs';
import { median } from './statistics.mjs';
import { atLeast, atMost, number, ratio } from './table.mjs';

const CONNECTIONS = 16;
/** Number of end users in one bulk request, and number of concurrent bulk requests. */
const BULK = 500;
const BULKS_AT_ONCE = 4;
const CONVERSATIONS_AT_ONCE = 32;
/** Number of items in a bulk patch, and its maximum time for one end user as a multiple of that for many. */
const PATCHED = 1_000;
const SAME_ENTITY_TARGET = 2;
/** Number of end users that single requests are for. */
const SAMPLE = 1_000;
const PAGE = 50;
/** Position of the deep page, as a share of the list. */
const DEPTH = 0.9;
/** Minimum ratio to the peer's rate. */
const IMPORT_TARGET = 0.7;
/** Minimum ratio of the deep page's rate to the first page's; rounds differ by as much. */
const DEEP_TARGET = 0.95;

/**
 * Imports end users in bulk, then reads and changes them, compared with the CRUD peer on the same PostgreSQL server.
 */
export async function measurePeople(bench) {
  const [ours, crud] = await startSides(bench);
  const sides = [ours, crud];
  const importer = startLoader(bench, 'import-people');
  const rows = await importEndUsers(bench, importer, sides);
  rows.push(await patchInBulk(bench, importer, ours));
  for (const side of sides) await createConversations(bench, importer, side);
  // The memory of a hundred thousand answers would slow down its own requests.
  await importer.stop();
  const loader = startLoader(bench, 'load-people');
  const bare = await startBare(bench, ours);
  const measured = new Map();
  for (const operation of await operationsFor(bench, sides)) {
    const asked = operation.targets.bare ? [ours, crud, Object.assign(bare, { argument: ours.argument })] : sides;
    const results = await measureRounds(bench, loader, asked, operation, [CONNECTIONS]);
    const [oursResult, crudResult, bareResult] = results.get(CONNECTIONS);
    measured.set(operation.label, oursResult.perSecond);
    rows.push(...rowsOf(operation, { ours: oursResult, crud: crudResult, bare: bareResult }, measured));
  }
  for (const { process } of [{ process: loader }, bare, crud, ours]) await process.stop();
  return rows;
}

function startLoader(bench, name) {
  return Process.fork(bench, name, 'load.mjs', { ...process.env, TOKEN });
}

/** Starts Deskstream first, because its PostgreSQL also serves the peer. */
async function startSides(bench) {
  const deskstream = await startDeskstream(bench);
  const { ownerUrl } = await runningEmbeddedPostgres(bench.dataDir);
  const crudUrl = await createDatabase(ownerUrl, 'bench_crud_people', CRUD_PEOPLE_TABLES);
  const command = await peerCommand(bench, await compiledCrudPeer(bench));
  return [deskstream, await startServer(bench, 'crud-people', command, { DATABASE_URL: crudUrl })];
}

/** Starts the bare peer, which reads Deskstream's own rows. */
async function startBare(bench, deskstream) {
  const { ownerUrl } = await runningEmbeddedPostgres(bench.dataDir);
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  const { rows } = await client.query('SELECT organization_id FROM end_users WHERE id = $1', [deskstream.ids[0]]);
  await client.end();
  const env = { DATABASE_URL: ownerUrl, ORGANIZATION_ID: rows[0].organization_id };
  const command = await peerCommand(bench, join(import.meta.dirname, 'peers/bare.mjs'));
  return startServer(bench, 'bare-people', command, env);
}

async function importEndUsers({ plan, say }, loader, sides) {
  const perSecond = [];
  for (const side of sides) {
    say(`${side.name}: imports ${plan.endUsers} end users`);
    const bodies = Array.from({ length: Math.ceil(plan.endUsers / BULK) }, (_, bulk) => ({
      data: Array.from({ length: Math.min(BULK, plan.endUsers - bulk * BULK) }, (_, i) => endUser(bulk * BULK + i)),
    }));
    const { seconds, answers } = await loader.call('send', side.url, '/v1/endusers/bulk', bodies, BULKS_AT_ONCE);
    const outcomes = answers.flat();
    const failed = outcomes.filter(({ _type }) => _type === 'BulkActionFailure');
    if (failed.length > 0) throw new Error(`${side.name}: ${JSON.stringify(failed[0])}`);
    side.ids = outcomes.map(({ data }) => data.id);
    perSecond.push(plan.endUsers / seconds);
    side.peak = await peakMegabytes(side.process.pid);
  }
  const [ours, crud] = perSecond;
  const peaks = sides.map(({ peak }) => number(peak));
  return [
    [
      `Import of ${number(plan.endUsers)} end users: per second`,
      number(ours),
      '',
      number(crud),
      '',
      ratio(ours / crud),
      atLeast(ours / crud, IMPORT_TARGET, '× CRUD'),
    ],
    ['  peak memory, MB', peaks[0], '', peaks[1], '', '', ''],
  ];
}

/** Patches in bulk: as many end users as items, and one end user by all items. */
async function patchInBulk({ plan, say }, loader, { url, ids }) {
  say('deskstream: patches in bulk');
  const items = Math.min(PATCHED, ids.length);
  const seconds = { many: [], one: [] };
  for (let round = 0; round < plan.rounds; round++) {
    for (const [name, idOf] of [
      ['many', (i) => ids[i]],
      ['one', () => ids.at(-1)],
    ]) {
      const data = Array.from({ length: items }, (_, i) => ({ id: idOf(i), displayName: `Round ${round} ${i}` }));
      const sent = await loader.call('send', url, '/v1/endusers', [{ data }], 1, 'PATCH');
      seconds[name].push(sent.seconds);
    }
  }
  const [many, one] = [median(seconds.many), median(seconds.one)];
  const cell = `${number(one * 1000)} / ${number(many * 1000)}`;
  const label = `Patch of ${number(items)} items, of one end user / of as many: ms`;
  return [label, cell, '', '', '', '', `${atMost(one / many, SAME_ENTITY_TARGET, '×')} (${ratio(one / many)})`];
}

async function createConversations({ plan, say }, loader, side) {
  say(`${side.name}: creates ${plan.conversations} conversations of one end user`);
  const requesterId = side.ids[0];
  const bodies = Array.from({ length: plan.conversations }, (_, i) => conversation(requesterId, i));
  await loader.call('send', side.url, '/v1/conversations', bodies, CONVERSATIONS_AT_ONCE);
}

/** Returns the operations to measure, with the paths for each side. */
async function operationsFor({ plan, say }, sides) {
  for (const side of sides) {
    say(`${side.name}: looks up the pages`);
    const sample = side.ids.toSorted(() => Math.random() - 0.5).slice(0, SAMPLE);
    const conversations = `/v1/endusers/${side.ids[0]}/conversations`;
    side.argument = {
      get: sample.map((id) => `/v1/endusers/${id}`),
      patch: sample,
      firstPage: [`/v1/endusers?pageLimit=${PAGE}`],
      deepPage: [await deepPage(side, '/v1/endusers', plan.endUsers)],
      firstConversations: [`${conversations}?pageLimit=${PAGE}`],
      deepConversations: [await deepPage(side, conversations, plan.conversations)],
    };
  }
  const operation = (name, label, argument, targets = {}) => ({
    ...{ name, label, targets },
    argument: (side) => side.argument[argument],
  });
  const users = `List ${PAGE} end users of ${number(plan.endUsers)}`;
  const conversations = `List ${PAGE} conversations of ${number(plan.conversations)}`;
  return [
    operation('get', 'Get end user by id', 'get', { crud: 1.3, bare: 0.6 }),
    operation('patchEndUser', 'Patch end user', 'patch', { crud: 1.2 }),
    operation('get', `${users}, first page`, 'firstPage', { crud: 1.3 }),
    operation('get', `${users}, at 90 %`, 'deepPage', { first: `${users}, first page` }),
    operation('get', `${conversations}, first page`, 'firstConversations', { crud: 1.3 }),
    operation('get', `${conversations}, at 90 %`, 'deepConversations', { first: `${conversations}, first page` }),
  ];
}

/** Returns the path of the deep page. Deskstream is paged by key, page by page; the peer by offset. */
async function deepPage(side, path, count) {
  const offset = Math.floor(count * DEPTH);
  if (side.name !== 'deskstream') return `${path}?pageLimit=${PAGE}&offset=${offset}`;
  let url = `${side.url}${path}?pageLimit=${PAGE}`;
  for (let passed = 0; passed + PAGE <= offset; passed += PAGE) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
    url = (await response.json()).meta.next;
  }
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** @param measured Deskstream's requests per second so far, by operation label */
function rowsOf({ label, targets: { first, ...targets } }, results, measured) {
  const rows = operationRows(label, results, targets);
  if (first) rows[0].splice(-1, 1, atLeast(results.ours.perSecond / measured.get(first), DEEP_TARGET, '× first page'));
  return rows;
}

/** Returns the peak resident memory of a process, in MB; NaN on systems other than Linux. */
async function peakMegabytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}
