import { randomUUID } from 'node:crypto';
import { serveCalls } from '../calls.mjs';
import { clock } from '../clock.mjs';
import { openLoop } from '../open-loop.mjs';

let named = 0;
const run = Date.now().toString(36);
const person = () => ({ displayName: 'Neighbour', externalId: `${run}-${++named}` });
const people = (count) => Array.from({ length: count }, person);

async function request({ url, token }, method, path, body, headers) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, data: (await response.json().catch(() => undefined))?.data };
}

const keyed = () => ({ 'idempotency-key': randomUUID() });
const bulk = (side, count, headers) => request(side, 'POST', '/v1/endusers/bulk', { data: people(count) }, headers);
const patch = (side, ids) =>
  request(side, 'PATCH', '/v1/endusers', { data: ids.map((id) => ({ id, displayName: randomUUID() })) }, keyed());

async function createPeople(side, count) {
  const { data } = await bulk(side, count);
  return data.map((outcome) => outcome.data.id);
}

/**
 * The loads of an organization: `prepare` returns the input of `work`, which runs `atOnce` times concurrently,
 * repeatedly.
 */
const USES = {
  nothing: { atOnce: 0 },
  subscriptions: {
    atOnce: 0,
    prepare: async (side, { port, subscriptions, events }) => {
      for (let i = 0; i < subscriptions; i++) {
        const url = `http://127.0.0.1:${port}/${i}`;
        const body = { name: url, url, authorization: { _type: 'NoAuth' }, events: ['EndUserCreated'] };
        const { status } = await request(side, 'POST', '/v1/webhooks', body);
        if (status !== 201) throw new Error(`A subscription was answered ${status}`);
      }
      for (let left = events; left > 0; left -= 1_000) await bulk(side, Math.min(left, 1_000));
    },
  },
  imports: { atOnce: 4, work: (side) => bulk(side, 1_000) },
  keyedImports: { atOnce: 8, work: (side) => bulk(side, 1_000, keyed()) },
  keyedPatches: {
    atOnce: 4,
    prepare: (side) => createPeople(side, 20),
    work: (side, _, ids, turn) => patch(side, turn % 2 ? ids : ids.toReversed()),
  },
  longStream: {
    atOnce: 1,
    prepare: (side) => createPeople(side, 1),
    work: (side, _, [id]) =>
      patch(
        side,
        Array.from({ length: 1_000 }, () => id),
      ),
  },
};

let stopped = true;
let working = Promise.resolve([]);

/** Starts a load once it is prepared. It runs until {@link stop}. */
async function start(side, { name, ...options }) {
  const { atOnce, prepare, work } = USES[name];
  const prepared = await prepare?.(side, options);
  stopped = false;
  const loop = async (turn) => {
    const statuses = [];
    while (!stopped) statuses.push((await work(side, options, prepared, turn)).status);
    return statuses;
  };
  working = Promise.all(Array.from({ length: atOnce }, (_, turn) => loop(turn)));
}

/** Stops the load, deletes its subscriptions, and returns the number of answers by status. */
async function stop(side) {
  stopped = true;
  const statuses = (await working).flat();
  const { data } = await request(side, 'GET', '/v1/webhooks');
  for (const { id } of data) await request(side, 'DELETE', `/v1/webhooks/${id}`);
  return Object.fromEntries(
    [...Map.groupBy(statuses, (status) => status)].map(([status, { length }]) => [status, length]),
  );
}

/** Subscribes the neighbour's receiver. */
async function subscribe(side, port) {
  const url = `http://127.0.0.1:${port}/`;
  await request(side, 'POST', '/v1/webhooks', {
    name: 'B',
    url,
    authorization: { _type: 'NoAuth' },
    events: ['TagCreated'],
  });
}

/** Creates tags at a constant rate, every fifth under an idempotency key. Returns status and times of each answer. */
function pace(side, perSecond, seconds) {
  return openLoop(perSecond, seconds, async (place) => {
    const begun = clock();
    const headers = place % 5 === 0 ? keyed() : {};
    const { status, data } = await request(side, 'POST', '/v1/tags', { name: `${run} ${++named}` }, headers);
    return { status, id: data?.id, begun, answered: clock() };
  });
}

serveCalls({ start, stop, subscribe, pace });
