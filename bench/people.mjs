import { readFile } from 'node:fs/promises';
import { runningEmbeddedPostgres } from '../dist/libs/embedded-postgres/embedded-postgres.js';
import { createDatabase, CRUD_PEOPLE_TABLES } from './databases.mjs';
import { Process } from './processes.mjs';
import { measureRounds } from './rounds.mjs';
import { compiledCrudPeer, startDeskstream, startServer, TOKEN } from './servers.mjs';
import { number, ratio } from './table.mjs';

const CONNECTIONS = 16;
/** End users of one bulk request, and requests at the same time. */
const BULK = 500;
const BULKS_AT_ONCE = 4;
const CONVERSATIONS_AT_ONCE = 32;
/** Of the requests for single end users. */
const SAMPLE = 1_000;
const PAGE = 50;
/** Where in the list the deep page is. */
const DEPTH = 0.9;
const MAX_PAGE = 200;

/** Imports end users in bulk, then reads and changes them beside the CRUD peer, on the same PostgreSQL server. */
export async function measurePeople(bench) {
  const sides = await startSides(bench);
  const loader = Process.fork(bench, 'load-people', 'load.mjs', { ...process.env, TOKEN });
  const rows = await importEndUsers(bench, loader, sides);
  for (const side of sides) await createConversations(bench, loader, side);
  for (const operation of await operationsFor(bench, sides)) {
    const results = await measureRounds(bench, loader, sides, operation, [CONNECTIONS]);
    rows.push(...operationRows(operation.label, results.get(CONNECTIONS)));
  }
  for (const { process } of [{ process: loader }, ...sides.toReversed()]) await process.stop();
  return rows;
}

/** Deskstream first: its PostgreSQL serves the peer as well. */
async function startSides(bench) {
  const deskstream = await startDeskstream(bench);
  const { ownerUrl } = await runningEmbeddedPostgres(bench.dataDir);
  const crudUrl = await createDatabase(ownerUrl, 'bench_crud_people', CRUD_PEOPLE_TABLES);
  const command = [process.execPath, await compiledCrudPeer(bench)];
  return [deskstream, await startServer(bench, 'crud-people', command, { DATABASE_URL: crudUrl })];
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
      '',
    ],
    ['  peak memory, MB', peaks[0], '', peaks[1], '', '', ''],
  ];
}

async function createConversations({ plan, say }, loader, side) {
  say(`${side.name}: creates ${plan.conversations} conversations of one end user`);
  const requesterId = side.ids[0];
  const bodies = Array.from({ length: plan.conversations }, (_, i) => conversation(requesterId, i));
  await loader.call('send', side.url, '/v1/conversations', bodies, CONVERSATIONS_AT_ONCE);
}

/** What is measured, with the paths that each side is asked for. */
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
  const operation = (name, label, argument) => ({ name, label, argument: (side) => side.argument[argument] });
  const users = number(plan.endUsers);
  const conversations = number(plan.conversations);
  return [
    operation('get', 'Get end user by id', 'get'),
    operation('patchEndUser', 'Patch end user', 'patch'),
    operation('get', `List ${PAGE} end users of ${users}, first page`, 'firstPage'),
    operation('get', `List ${PAGE} end users of ${users}, at 90 %`, 'deepPage'),
    operation('get', `List ${PAGE} conversations of ${conversations}, first page`, 'firstConversations'),
    operation('get', `List ${PAGE} conversations of ${conversations}, at 90 %`, 'deepConversations'),
  ];
}

/** Deskstream is paged by key, from page to page; the peer by offset. */
async function deepPage(side, path, count) {
  const offset = Math.floor(count * DEPTH);
  if (side.name !== 'deskstream') return `${path}?pageLimit=${PAGE}&offset=${offset}`;
  let url = `${side.url}${path}?pageLimit=${MAX_PAGE}`;
  for (let passed = 0; passed + MAX_PAGE <= offset; passed += MAX_PAGE) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
    url = (await response.json()).meta.next;
  }
  const { pathname, search } = new URL(url);
  return `${pathname}${search.replace(`pageLimit=${MAX_PAGE}`, `pageLimit=${PAGE}`)}`;
}

function operationRows(label, [ours, crud]) {
  const latency = ({ p50, p99 }) => `${number(p50, 1)} / ${number(p99, 1)}`;
  const toCrud = ratio(ours.perSecond / crud.perSecond);
  return [
    [`${label}: requests/s`, number(ours.perSecond), '', number(crud.perSecond), '', toCrud, ''],
    ['  latency p50 / p99, ms', latency(ours), '', latency(crud), '', '', ''],
  ];
}

function endUser(number) {
  return {
    displayName: `End User ${number}`,
    email: `end.user.${number}@customers.example`,
    phoneNumber: `+4520${String(number).padStart(6, '0')}`,
    firstName: 'End',
    lastName: `User ${number}`,
    externalId: `crm-${number}`,
  };
}

function conversation(requesterId, number) {
  return {
    _type: 'Email',
    requesterId,
    emailIntegrationId: 'support@acme.example',
    subject: `Question ${number}`,
    message: { _type: 'Inbound', content: { _type: 'Text', value: 'Where is my order?' } },
  };
}

/** The most memory that a process has had resident, in MB; where Linux does not tell, NaN. */
async function peakMegabytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}
