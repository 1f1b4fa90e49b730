import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { type Readable } from 'node:stream';
import { type Connections } from './connections.js';
import { Received } from './received.js';

/** A request to send. */
export interface AttemptRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** A response whose status has arrived. */
export interface Answer {
  status: number;
  headers?: IncomingHttpHeaders;
  /** The beginning of the body. */
  text?: Promise<string>;
  /** The reason why there are neither headers nor a body. */
  fault?: Error;
}

/** Maximum time for a body after the status: a receiver that does not end it must not delay others. */
const BODY_MS = 1_000;
/** Bytes that are kept of a body. */
export const MAX_KEPT_BYTES = 16 * 1024;

/** Reports that no response arrived in time. */
export class DeadlineExpired extends Error {
  override readonly name = 'DeadlineExpired';
}

/** Reports a response without a usable status. */
class NoStatus extends Error {
  override readonly name = 'NoStatus';
}

/** Reports that a kept connection ended before any answer: the receiver may not have read the request. */
class KeptConnectionClosed extends Error {
  override readonly name = 'KeptConnectionClosed';
}

/**
 * POSTs, and resolves as soon as the status has arrived, whatever follows it. Interim answers (RFC 9110, section 15.2)
 * are skipped. If the receiver closes a kept connection in between, the request is sent once more, over a new one.
 * @throws {DeadlineExpired} after `timeoutMs`; and any other error that prevents a status
 */
export async function post(request: AttemptRequest, connections: Connections, timeoutMs: number): Promise<Answer> {
  const deadline = performance.now() + timeoutMs;
  const once = (fresh: boolean) => {
    const timer = { atMs: deadline, error: new DeadlineExpired(`No answer within ${timeoutMs / 1000} s`) };
    return postOnce(request, connections, fresh, timer);
  };
  try {
    return await once(false);
  } catch (error) {
    if (error instanceof KeptConnectionClosed) return once(true);
    throw error;
  }
}

function postOnce(
  { url, headers, body }: AttemptRequest,
  connections: Connections,
  fresh: boolean,
  deadline: { atMs: number; error: DeadlineExpired },
): Promise<Answer> {
  const target = new URL(url);
  const { request: open } = target.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const agent = connections.agentFor(target, fresh);
    // More lenient than RFC 9112: a misread answer can only harm the receiver that sent it.
    const request = open(target, { method: 'POST', headers, agent, insecureHTTPParser: true });
    const received = new Received(request);
    const left = () => Math.max(0, deadline.atMs - performance.now());
    const timer = setTimeout(() => {
      fail(deadline.error);
    }, left());
    const fail = (error: Error) => {
      clearTimeout(timer);
      request.destroy();
      const { status } = received;
      if (status !== undefined) resolve({ status, fault: error });
      else if (request.reusedSocket && received.isEmpty && isClosing(error)) reject(new KeptConnectionClosed());
      else reject(error);
    };
    request
      .on('error', fail)
      .once('upgrade', () => {
        fail(new NoStatus('The answer switches to another protocol without being asked'));
      })
      .once('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        if (status < 200) {
          fail(new NoStatus(`The answer has the status ${status}, which is not a final status`));
          return;
        }
        clearTimeout(timer);
        request.off('error', fail).on('error', () => undefined);
        // Read at once: a body that arrives with the head can break off before other code runs.
        resolve({ status, headers, text: beginningOf(response, Math.min(BODY_MS, left())) });
      })
      .end(Buffer.from(body));
  });
}

function isClosing({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE';
}

/** Returns the part of a body that arrives within a time. The status decides the outcome, however the body ends. */
function beginningOf(body: Readable, withinMs: number): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = () => {
      clearTimeout(patience);
      const text = Buffer.concat(chunks).subarray(0, MAX_KEPT_BYTES).toString('utf8');
      // PostgreSQL stores no NUL in text.
      resolve(text.replaceAll('\0', '�'));
    };
    const patience = setTimeout(() => {
      body.destroy();
      finish();
    }, withinMs);
    body
      .on('data', (chunk: Buffer) => {
        if (size < MAX_KEPT_BYTES) chunks.push(chunk);
        size += chunk.length;
      })
      .on('error', () => undefined)
      .on('close', finish);
  });
}
