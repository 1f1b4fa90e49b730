import autocannon from 'autocannon';
import { serveCalls } from './calls.mjs';
import { percentile } from './statistics.mjs';

const headers = { authorization: `Bearer ${process.env.TOKEN}`, 'content-type': 'application/json' };
const SEED_AT_ONCE = 20;
const SAMPLE_MS = 50;
const run = Date.now().toString(36);
let named = 0;

/** Loads a server with one operation; every response must be of the status that the operation answers. */
async function load(url, operation, connections, seconds, ids) {
  const latencies = [];
  const request = operation === 'create' ? createRequest() : getRequest(ids);
  const attack = autocannon({ url, connections, duration: seconds, sampleInt: SAMPLE_MS, requests: [request] });
  attack.on('response', (client, status, bytes, milliseconds) => latencies.push(milliseconds));
  const { duration, errors, non2xx } = await attack;
  if (errors || non2xx || latencies.length === 0) {
    throw new Error(`${url}: ${latencies.length} responses, ${non2xx} of them not 2xx; ${errors} errors`);
  }
  latencies.sort((a, b) => a - b);
  return {
    perSecond: latencies.length / duration,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

/** Creates tags and answers their ids. */
async function seed(url, count) {
  const ids = [];
  while (ids.length < count) {
    ids.push(...(await Promise.all(Array.from({ length: SEED_AT_ONCE }, () => createOne(url)))));
  }
  return ids;
}

async function createOne(url) {
  const response = await fetch(`${url}/v1/tags`, { method: 'POST', headers, body: newTag() });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()).data.id;
}

function createRequest() {
  const setupRequest = (request) => ({ ...request, body: newTag() });
  return { method: 'POST', path: '/v1/tags', headers, setupRequest };
}

function getRequest(ids) {
  const setupRequest = (request) => ({ ...request, path: `/v1/tags/${ids[Math.floor(Math.random() * ids.length)]}` });
  return { method: 'GET', headers: { authorization: headers.authorization }, setupRequest };
}

function newTag() {
  return JSON.stringify({ name: `Tag ${run}-${++named}`, color: '#ff8800' });
}

serveCalls({ load, seed });
