import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { serveCalls } from '../calls.mjs';
import { clock } from '../clock.mjs';

/**
 * Accepts deliveries as cheaply as possible, so that the senders are measured: it parses only as much of HTTP/1.1 as
 * necessary, and always answers 200. A delivery is identified by its port, which stands for a subscription, and by the
 * id of the tag in its body.
 */
const RESPONSE = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
const HEAD_END = Buffer.from('\r\n\r\n');
const TAG = Buffer.from('"tag":{"id":"');
const UUID_LENGTH = 36;
const POLL_MS = 5;
/** Time without deliveries after which the rest is no longer expected. */
const SILENCE_MS = 60_000;

const state = { delayMs: 0, inFlight: 0, peak: 0 };
forget();

function forget() {
  Object.assign(state, { seen: new Map(), ids: [], times: [], repeated: 0, latest: undefined, peak: 0, delayMs: 0 });
}

/** Listens on this number of ports, and returns them. */
async function listen(count) {
  const servers = Array.from({ length: count }, () => createServer({ noDelay: true }, serve).listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  return servers.map((server) => server.address().port);
}

function serve(socket) {
  let pending = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    const at = clock();
    pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
    for (let request; (request = firstRequest(pending)); pending = pending.subarray(request.end)) {
      record(socket, request, pending, at);
      answer(socket);
    }
  });
}

/** Returns where the head and the body of the first request end, if it is complete. */
function firstRequest(bytes) {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.latin1Slice(0, headEnd))?.[1];
  if (length === undefined) throw new Error('A request does not say how long it is');
  const bodyStart = headEnd + HEAD_END.length;
  const end = bodyStart + Number(length);
  return bytes.length < end ? undefined : { headEnd, bodyStart, end };
}

function record({ localPort, remotePort }, request, bytes, at) {
  const { bodyStart } = request;
  const idStart = bytes.indexOf(TAG, bodyStart) + TAG.length;
  const id = bytes.latin1Slice(idStart, idStart + UUID_LENGTH);
  state.latest = { at, remotePort, bytes, request };
  if (!state.seen.has(localPort)) state.seen.set(localPort, new Set());
  const seen = state.seen.get(localPort);
  if (seen.has(id)) {
    state.repeated++;
    return;
  }
  seen.add(id);
  state.ids.push(id);
  state.times.push(at);
}

function answer(socket) {
  state.peak = Math.max(state.peak, ++state.inFlight);
  if (state.delayMs > 0) setTimeout(respond, state.delayMs, socket);
  else respond(socket);
}

function respond(socket) {
  state.inFlight--;
  socket.write(RESPONSE);
}

/** Delays all further answers. */
function delay(milliseconds) {
  state.delayMs = milliseconds;
}

/** Waits until this number of deliveries has arrived, not counting repetitions. */
async function until(count) {
  let [arrived, since] = [0, clock()];
  while (state.times.length < count) {
    if (state.times.length > arrived) [arrived, since] = [state.times.length, clock()];
    if (clock() - since > SILENCE_MS) throw new Error(`Only ${arrived} of ${count} deliveries have come`);
    await pause(POLL_MS);
  }
}

/** Returns deliveries per second: all that have arrived, from a time of `clock` until the last one. */
function perSecond(since) {
  const { times } = state;
  return (times.length / (times.at(-1) - since)) * 1000;
}

/** Returns when each delivery arrived: ids and times in the same order. */
function arrivals() {
  return { ids: state.ids, times: state.times };
}

/** Waits for one more delivery, a repetition or not, and returns when it arrived. */
async function next() {
  const [before, since] = [state.latest, clock()];
  while (state.latest === before) {
    if (clock() - since > SILENCE_MS) throw new Error('No delivery has come any more');
    await pause(1);
  }
  return state.latest.at;
}

/** Returns the latest delivery, and the port that it was sent from. */
function latest() {
  const { bytes, request, remotePort } = state.latest;
  const { headEnd, bodyStart, end } = request;
  return { remotePort, head: bytes.latin1Slice(0, headEnd), body: bytes.utf8Slice(bodyStart, end) };
}

serveCalls({
  listen,
  forget,
  delay,
  until,
  perSecond,
  arrivals,
  next,
  latest,
  peak: () => state.peak,
  repeated: () => state.repeated,
});
