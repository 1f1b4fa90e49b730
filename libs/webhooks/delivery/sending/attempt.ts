import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { reasonOf } from '#libs/platform/reason.js';
import { WebhookOptions } from '../../webhooks.settings.js';
import { Unresolved } from './address-resolver.js';
import { Connections, ConnectTimeout } from './connections.js';
import { type AttemptRequest, DeadlineExpired, MAX_KEPT_BYTES, post } from './post.js';
import { retryAfter } from './retry-after.js';
import { BlockedAddress, SsrfGuard } from './ssrf-guard.js';

/** The outcomes of an attempt. Failing is an outcome, not an exception. */
export const OUTCOMES = [
  /** 2xx. */
  'delivered',
  /** Any other status; redirects are not followed. */
  'refused',
  'timeout',
  /** There was no connection, or it broke before the status arrived, or the response was not HTTP. */
  'connection_reset',
  'dns_error',
  'tls_error',
  /** Nothing was sent: the target is not allowed. */
  'blocked_target',
  /** 410. */
  'gone',
  /** 429; or 503 with Retry-After. */
  'throttled',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** The result of an attempt. */
export interface AttemptResult {
  outcome: Outcome;
  startedAt: Date;
  durationMs: number;
  /** Absent when no response came. */
  responseCode?: number;
  /** The beginning of the response's body, or the reason why there is none. */
  responseText: string;
  /** The pause that Retry-After asks for, capped. */
  retryAfterMs?: number;
}

type Ending = Pick<AttemptResult, 'outcome' | 'responseCode' | 'responseText' | 'retryAfterMs'>;

/** Sends deliveries to receivers. */
@Injectable()
export class Sender implements OnApplicationShutdown {
  readonly #connections: Connections;

  constructor(
    private readonly targets: SsrfGuard,
    private readonly options: WebhookOptions,
  ) {
    this.#connections = new Connections(targets);
  }

  /** POSTs once, and resolves within the time of an attempt, whatever the receiver does. Does not reject. */
  async send(delivery: AttemptRequest): Promise<AttemptResult> {
    const startedAt = new Date();
    const start = performance.now();
    const ending = await this.#exchange(delivery).catch(failureOf);
    // Errors of certificates can be long, too.
    ending.responseText = ending.responseText.slice(0, MAX_KEPT_BYTES);
    return { startedAt, durationMs: Math.round(performance.now() - start), ...ending };
  }

  onApplicationShutdown(): void {
    this.#connections.destroy();
  }

  async #exchange(delivery: AttemptRequest): Promise<Ending> {
    const fault = this.targets.faultOf(delivery.url);
    if (fault) throw new BlockedAddress(fault);
    const answer = await post(delivery, this.#connections, this.options.timeoutMs);
    const { status, headers, text } = answer;
    const responseText = (await text) ?? `The answer has no complete body. ${failureOf(answer.fault).responseText}`;
    return { ...judged(status, headers?.['retry-after']), responseCode: status, responseText };
  }
}

function judged(status: number, header?: string): Pick<Ending, 'outcome' | 'retryAfterMs'> {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  if (status === 410) return { outcome: 'gone' };
  const retryAfterMs = status === 429 || status === 503 ? retryAfter(header) : undefined;
  if (retryAfterMs !== undefined) return { outcome: 'throttled', retryAfterMs };
  return { outcome: status === 429 ? 'throttled' : 'refused' };
}

/** Error codes of TLS itself, and of OpenSSL's certificate checks. */
const TLS =
  /^(ERR_TLS_|ERR_O?SSL_|EPROTO$|CERT_|CRL_|UNABLE_TO_|ERROR_IN_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|PATH_LENGTH_|HOSTNAME_)/;
/** Messages by error code. */
const WORDS: Record<string, string> = {
  ETIMEDOUT: 'The connection timed out',
  ECONNREFUSED: 'The connection was refused',
  ECONNRESET: 'The connection was closed before an answer came',
  EPIPE: 'The connection was closed before an answer came',
  EHOSTUNREACH: 'The host cannot be reached',
  ENETUNREACH: 'The network cannot be reached',
  HPE_HEADER_OVERFLOW: 'The answer has more than 16 KB of headers',
};

function failureOf(error: unknown): Ending {
  if (error instanceof BlockedAddress) return { outcome: 'blocked_target', responseText: error.message };
  if (error instanceof Unresolved) return { outcome: 'dns_error', responseText: error.message };
  if (error instanceof DeadlineExpired || error instanceof ConnectTimeout) {
    return { outcome: 'timeout', responseText: error.message };
  }
  const { code = '', reason } = error as { code?: string; reason?: string };
  const message = reasonOf(error);
  if (TLS.test(code)) return { outcome: 'tls_error', responseText: `No TLS connection: ${reason ?? message}` };
  const notHttp = code.startsWith('HPE_') ? `The response is not HTTP: ${reason ?? message}` : undefined;
  const responseText = WORDS[code] ?? notHttp ?? `No answer: ${message}`;
  return { outcome: code === 'ETIMEDOUT' ? 'timeout' : 'connection_reset', responseText };
}
