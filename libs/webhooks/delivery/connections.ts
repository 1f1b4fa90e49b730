import { type Socket } from 'node:net';
import { Agent, buildConnector, Pool } from 'undici';
import { BlockedTarget, endpointOf, type TargetPolicy } from './target.js';

export const CONNECT_MS = 5_000;
/** For connections that nothing is sent over, whatever the receiver says. */
const KEEP_ALIVE_MS = 60_000;
/** For one of several addresses, before the next is tried as well. */
const ADDRESS_MS = 1_000;
/** Of an answer, its head included. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** More came than any answer needs. */
class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
  constructor() {
    super(`more than ${MAX_ANSWER_BYTES / 1024} KB came, and no end of it`);
  }
}

/**
 * Connections to receivers, kept open between attempts. The time of an attempt is the caller's to keep, for undici
 * knows only limits between two bytes.
 */
export function createReceiverAgent(targets: TargetPolicy): Agent {
  const limits = { allowH2: false, headersTimeout: 0, bodyTimeout: 0, keepAliveMaxTimeout: KEEP_ALIVE_MS };
  return new Agent({
    factory: (origin) => new Pool(origin, { ...limits, connect: connector(new URL(origin), targets) }),
  });
}

/** Connects to the allowed addresses of one origin. Names are looked up for each connection anew. */
function connector(origin: URL, targets: TargetPolicy): buildConnector.connector {
  const { port } = endpointOf(origin);
  const connect = buildConnector({
    timeout: CONNECT_MS,
    allowH2: false,
    lookup: targets.lookup(port),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_MS,
  });
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error) {
        callback(error, null);
        return;
      }
      // A socket that is closed already has no address, and sends nothing.
      const fault = socket.remoteAddress && targets.faultOfAddress(socket.remoteAddress, port);
      if (fault) {
        socket.destroy();
        callback(new BlockedTarget(fault), null);
        return;
      }
      limitAnswers(socket);
      callback(null, socket);
    });
  };
}

/**
 * Breaks the connection when an answer is too long. undici bounds headers alone: neither what comes before them nor
 * interim responses nor the extensions of chunks.
 */
function limitAnswers(socket: Socket): void {
  let written = 0;
  let before = 0;
  let read = 0;
  socket.on('readable', () => {
    // Something has been sent meanwhile: what comes from now on answers a further request.
    if (socket.bytesWritten !== written) before = read;
    written = socket.bytesWritten;
    read = socket.bytesRead;
    if (read - before > MAX_ANSWER_BYTES) socket.destroy(new AnswerTooLong());
  });
}
