import autocannon from 'autocannon';
import { request } from 'undici';
import { serveCalls } from './calls.mjs';
import { clock } from './clock.mjs';
import { openLoop } from './open-loop.mjs';
import { percentile } from './statistics.mjs';

const headers = { authorization: `Bearer ${process.env.TOKEN}`, 'content-type': 'application/json' };
const SEED_AT_ONCE = 20;
const CREATE_CONNECTIONS = 32;
const SAMPLE_MS = 50;
const run = Date.now().toString(36);
let named = 0;

/** The requests of each operation. */
const OPERATIONS = {
  createTag: () => posting('/v1/tags', () => newTag()),
  /** @param tokens used in turn */
  createTagInTurn: (tokens) => {
    let turn = 0;
    return {
      method: 'POST',
      path: '/v1/tags',
      setupRequest: (request) => ({ ...request, headers: headersWith(tokens[turn++ % tokens.length]), body: newTag() }),
    };
  },
  /** @param paths of which each request gets one */
  get: (paths) => ({
    method: 'GET',
    headers: { authorization: headers.authorization },
    setupRequest: (request) => ({ ...request, path: anyOf(paths) }),
  }),
  /** @param places paths with tokens, of which each request gets one */
  getOfAny: (places) => ({
    method: 'GET',
    setupRequest: (request) => {
      const { path, token } = anyOf(places);
      return { ...request, path, headers: { authorization: `Bearer ${token}` } };
    },
  }),
  /** @param ids of end users, one of whom each request renames */
  patchEndUser: (ids) => ({
    method: 'PATCH',
    headers,
    setupRequest: (request) => ({
      ...request,
      path: `/v1/endusers/${anyOf(ids)}`,
      body: JSON.stringify({ displayName: `Name ${run}-${++named}` }),
    }),
  }),
};

/** Loads a server with one operation. Every response must have a status of success. */
async function load(url, operation, connections, seconds, argument) {
  const latencies = [];
  const requests = [OPERATIONS[operation](argument)];
  const attack = autocannon({ url, connections, duration: seconds, sampleInt: SAMPLE_MS, requests });
  attack.on('response', (client, status, bytes, milliseconds) => latencies.push(milliseconds));
  const { duration, errors, non2xx } = await attack;
  if (errors || non2xx || latencies.length === 0) {
    throw new Error(`${url}: ${latencies.length} responses, ${non2xx} of them not 2xx; ${errors} errors`);
  }
  latencies.sort((a, b) => a - b);
  return {
    responses: latencies.length,
    perSecond: latencies.length / duration,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

/** Loads several servers concurrently; they share the connections. */
async function loadAll(urls, operation, connections, seconds, argument) {
  const share = connections / urls.length;
  const results = await Promise.all(urls.map((url) => load(url, operation, share, seconds, argument)));
  const sum = (field) => results.reduce((total, result) => total + result[field], 0);
  return { responses: sum('responses'), perSecond: sum('perSecond') };
}

/** Creates tags as fast as possible, with tokens in turn. */
async function create(url, count, tokens) {
  const connections = Math.min(CREATE_CONNECTIONS, count);
  const requests = [OPERATIONS.createTagInTurn(tokens)];
  const { errors, non2xx } = await autocannon({ url, connections, amount: count, requests });
  if (errors || non2xx) throw new Error(`${url}: ${non2xx} responses not 2xx; ${errors} errors`);
}

/** Creates tags at a constant rate, with tokens in turn. Returns the times of the responses, by id. */
async function stream(url, perSecond, seconds, tokens) {
  const answered = await openLoop(perSecond, seconds, async (place) => {
    const id = await createOne(url, tokens[place % tokens.length]);
    return [id, clock()];
  });
  return Object.fromEntries(answered);
}

/** Creates tags and returns their ids. */
async function seed(url, count) {
  const ids = [];
  while (ids.length < count) {
    ids.push(...(await Promise.all(Array.from({ length: SEED_AT_ONCE }, () => createOne(url)))));
  }
  return ids;
}

/** Creates a tag with each token, and returns their paths and tokens. */
async function seedEach(url, tokens) {
  const places = [];
  for (const token of tokens) places.push({ path: `/v1/tags/${await createOne(url, token)}`, token });
  return places;
}

async function createOne(url, token = process.env.TOKEN) {
  const options = { method: 'POST', headers: headersWith(token), body: newTag() };
  const { statusCode, body } = await request(`${url}/v1/tags`, options);
  const text = await body.text();
  if (statusCode >= 300) throw new Error(`${url} answered ${statusCode}: ${text}`);
  return JSON.parse(text).data.id;
}

function headersWith(token) {
  return { ...headers, authorization: `Bearer ${token}` };
}

function posting(path, body) {
  return { method: 'POST', path, headers, setupRequest: (request) => ({ ...request, body: body() }) };
}

function anyOf(items) {
  return items[Math.floor(Math.random() * items.length)];
}

function newTag() {
  return JSON.stringify({ name: `Tag ${run}-${++named}`, color: '#ff8800' });
}

/** Sends bodies to a path, several at once. Returns the duration in seconds, and the data of the answers. */
async function send(url, path, bodies, atOnce, method = 'POST') {
  const begun = performance.now();
  const answers = new Array(bodies.length);
  const queue = bodies.entries();
  const work = async () => {
    for (const [index, body] of queue) {
      const response = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`${url}${path} answered ${response.status}: ${await response.text()}`);
      answers[index] = (await response.json()).data;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { seconds: (performance.now() - begun) / 1000, answers };
}

serveCalls({ load, loadAll, create, stream, seed, seedEach, send });
