import { type ConnectionError } from 'fastify';
import { randomUUIDv7 } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { type ErrorBody } from './error.filter.js';
import { MAX_HEADER_BYTES } from './limits.js';
import { OF_ERRORS } from './security-headers.js';

const MALFORMED = { status: 400, message: 'The request is not valid HTTP' };

const REFUSALS: Record<string, typeof MALFORMED> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request did not arrive in time' },
  HPE_HEADER_OVERFLOW: { status: 431, message: `URL and headers are larger than ${MAX_HEADER_BYTES / 1024} KB` },
};

/** Answers a request that Node refused while parsing it, in the form of all errors, and closes the connection. */
export function answerClientError(error: ConnectionError, socket: Socket): void {
  if (socket.writable) {
    const { status, message } = REFUSALS[error.code] ?? MALFORMED;
    const body = JSON.stringify({ message, code: 'invalid', requestId: randomUUIDv7() } satisfies ErrorBody);
    const own = { 'content-type': 'application/json', 'content-length': body.length, connection: 'close' };
    const headers = Object.entries({ ...OF_ERRORS, ...own }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${headers.join('')}\r\n${body}`);
  }
  socket.destroy(error);
}
