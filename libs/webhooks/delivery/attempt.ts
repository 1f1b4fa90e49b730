import { EventEmitter } from 'node:events';
import { type Readable } from 'node:stream';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Dispatcher, request } from 'undici';
import { reasonOf } from '#libs/platform/reason.js';
import { WebhookOptions } from '../options.js';
import { CONNECT_MS, createReceiverAgent } from './connections.js';
import { Unresolved } from './resolver.js';
import { retryAfter } from './retry-after.js';
import { BlockedTarget, TargetPolicy } from './target.js';

/** How an attempt can end. Failing is an outcome, not an exception. */
export const OUTCOMES = [
  /** 2xx. */
  'delivered',
  /** Any status without an outcome of its own; redirects are not followed. */
  'refused',
  'timeout',
  /** No connection, or it broke before the status came, or what came was no HTTP. */
  'connection_reset',
  'dns_error',
  'tls_error',
  /** Nothing was sent: deliveries may not go there. */
  'blocked_target',
  /** 410. */
  'gone',
  /** 429; or 503 that says when to come back. */
  'throttled',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

export interface AttemptRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** What is known of an attempt once it is over. */
export interface AttemptResult {
  outcome: Outcome;
  startedAt: Date;
  durationMs: number;
  /** Absent when no response came. */
  responseCode?: number;
  /** The beginning of the response's body, or why there is none. */
  responseText: string;
  /** What Retry-After asks for, capped. */
  retryAfterMs?: number;
}

type Ending = Pick<AttemptResult, 'outcome' | 'responseCode' | 'responseText' | 'retryAfterMs'>;

/** For a body, once the status is there: that a receiver does not end it must not hold up others. */
const BODY_MS = 1_000;
const MAX_KEPT_BYTES = 16 * 1024;

class DeadlineExpired extends Error {
  override readonly name = 'DeadlineExpired';
}

/** Sends deliveries to receivers. */
@Injectable()
export class Sender implements OnApplicationShutdown {
  readonly #agent: Dispatcher;

  constructor(
    private readonly targets: TargetPolicy,
    private readonly options: WebhookOptions,
  ) {
    this.#agent = createReceiverAgent(targets);
  }

  /** POSTs once, and answers within the time of an attempt, whatever the receiver does. Does not reject. */
  async send(delivery: AttemptRequest): Promise<AttemptResult> {
    const startedAt = new Date();
    const start = performance.now();
    const ending = await this.#exchange(delivery, start).catch(failureOf);
    // What is wrong with a certificate can be long, too.
    ending.responseText = ending.responseText.slice(0, MAX_KEPT_BYTES);
    return { startedAt, durationMs: Math.round(performance.now() - start), ...ending };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#agent.destroy();
  }

  async #exchange(delivery: AttemptRequest, start: number): Promise<Ending> {
    const fault = this.targets.faultOf(delivery.url);
    if (fault) throw new BlockedTarget(fault);
    const { statusCode, headers, body } = await this.#head(delivery);
    const remaining = start + this.options.timeoutMs - performance.now();
    const responseText = await beginningOf(body, Math.min(BODY_MS, remaining));
    return { ...judged(statusCode, headers['retry-after']), responseCode: statusCode, responseText };
  }

  /** The response up to its body. undici heeds a signal only once there is a connection; this does not wait for that. */
  #head({ url, headers, body }: AttemptRequest): Promise<Dispatcher.ResponseData> {
    // As good a signal as an AbortSignal, at a tenth of the price.
    const signal = new EventEmitter();
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        reject(new DeadlineExpired(`No answer within ${this.options.timeoutMs / 1000} s`));
        signal.emit('abort');
      }, this.options.timeoutMs);
      request(url, { method: 'POST', headers, body, dispatcher: this.#agent, signal })
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(deadline);
        });
    });
  }
}

function judged(status: number, header: string | string[] | undefined): Pick<Ending, 'outcome' | 'retryAfterMs'> {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  if (status === 410) return { outcome: 'gone' };
  const retryAfterMs = status === 429 || status === 503 ? retryAfter(header) : undefined;
  if (retryAfterMs !== undefined) return { outcome: 'throttled', retryAfterMs };
  return { outcome: status === 429 ? 'throttled' : 'refused' };
}

/** Reads as far as the body comes within a time. The status has come and decides, however the body ends. */
function beginningOf(body: Readable, withinMs: number): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = () => {
      clearTimeout(patience);
      const text = Buffer.concat(chunks).subarray(0, MAX_KEPT_BYTES).toString('utf8');
      // PostgreSQL keeps no NUL in a text.
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

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);
/** Codes of TLS itself, and of what OpenSSL finds wrong with a certificate. */
const TLS =
  /^(ERR_TLS_|ERR_O?SSL_|EPROTO$|CERT_|CRL_|UNABLE_TO_|ERROR_IN_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|PATH_LENGTH_|HOSTNAME_)/;
/** For people, by codes; undici has one code for several faults of the connection, but different messages. */
const WORDS: Record<string, string> = {
  UND_ERR_CONNECT_TIMEOUT: `No connection within ${CONNECT_MS / 1000} s`,
  ETIMEDOUT: 'The connection timed out',
  ECONNREFUSED: 'The connection was refused',
  ECONNRESET: 'The connection was reset before an answer came',
  EPIPE: 'The connection was closed before an answer came',
  EHOSTUNREACH: 'The host cannot be reached',
  ENETUNREACH: 'The network cannot be reached',
  ERR_ASSERTION: 'What came is no HTTP',
  UND_ERR_HEADERS_OVERFLOW: 'The answer has more than 16 KB of headers',
  'other side closed': 'The connection was closed before an answer came',
  'bad response': 'What came is no answer, but 100 Continue, which was not asked for',
  'bad upgrade': 'The answer switches to another protocol, which was not asked for',
};

function failureOf(error: unknown): Ending {
  if (error instanceof BlockedTarget) return { outcome: 'blocked_target', responseText: error.message };
  if (error instanceof Unresolved) return { outcome: 'dns_error', responseText: error.message };
  if (error instanceof DeadlineExpired) return { outcome: 'timeout', responseText: error.message };
  const { code = '', reason } = error as { code?: string; reason?: string };
  const message = reasonOf(error);
  if (TLS.test(code)) return { outcome: 'tls_error', responseText: `No TLS connection: ${reason ?? message}` };
  const responseText = WORDS[code] ?? WORDS[message] ?? `No answer: ${message}`;
  return { outcome: TIMEOUTS.has(code) ? 'timeout' : 'connection_reset', responseText };
}
