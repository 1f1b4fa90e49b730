import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request } from 'undici';
import { reasonOf } from '#libs/platform/reason.js';

/** How an attempt can end. Failing is an outcome, not an exception. */
export const OUTCOMES = [
  ...(['delivered', 'refused', 'timeout', 'connection_reset', 'dns_error'] as const),
  ...(['tls_error', 'blocked_target', 'gone', 'throttled'] as const),
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** What is known of an attempt once it is over. */
export interface AttemptResult {
  outcome: Outcome;
  startedAt: Date;
  durationMs: number;
  /** Absent when no response came. */
  responseCode?: number;
  /** The beginning of the response's body, or why there is none. */
  responseText: string;
}

export interface AttemptRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** For the whole attempt, however the receiver spreads its answer. */
export const DEADLINE_MS = 15_000;
const MAX_RESPONSE_BYTES = 16 * 1024;

/** Connections to receivers, kept open between attempts. One an application. */
export function createReceiverAgent(): Agent {
  return new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS }, headersTimeout: DEADLINE_MS, bodyTimeout: DEADLINE_MS });
}

/** POSTs a delivery once. The status decides: 2xx is delivered, anything else (redirects too) refused. */
export async function attempt(
  agent: Agent,
  { url, headers, body }: AttemptRequest,
  deadlineMs = DEADLINE_MS,
): Promise<AttemptResult> {
  const startedAt = new Date();
  const start = performance.now();
  const signal = AbortSignal.timeout(deadlineMs);
  const result = (outcome: Outcome, responseText: string, responseCode?: number): AttemptResult => ({
    outcome,
    startedAt,
    durationMs: Math.round(performance.now() - start),
    responseCode,
    responseText: responseText.replaceAll('\0', '�').toWellFormed(),
  });
  try {
    const answered = request(url, { method: 'POST', headers, body, dispatcher: agent, signal });
    const response = await Promise.race([answered, expiry(signal)]);
    const text = await beginningOf(response.body);
    const delivered = response.statusCode >= 200 && response.statusCode < 300;
    return result(delivered ? 'delivered' : 'refused', text, response.statusCode);
  } catch (error) {
    return result(isTimeout(error) ? 'timeout' : 'connection_reset', reasonOf(error));
  }
}

/** Rejects when the time is over. The request itself heeds its signal only once it has a connection. */
function expiry(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}

/** Reads no more than is kept, and hangs up then: what a receiver says beyond it costs nothing. */
async function beginningOf(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MAX_RESPONSE_BYTES) break;
    }
  } catch {
    // The status has come and decides; a body that breaks off is kept as far as it came.
  }
  return Buffer.concat(chunks).subarray(0, MAX_RESPONSE_BYTES).toString('utf8');
}

function isTimeout(error: unknown): boolean {
  const { name, code = '' } = error as { name: string; code?: string };
  return name === 'TimeoutError' || code.endsWith('TIMEOUT') || code === 'ETIMEDOUT';
}

/** POSTs deliveries. */
@Injectable()
export class Sender implements OnApplicationShutdown {
  readonly #agent = createReceiverAgent();

  send(request: AttemptRequest): Promise<AttemptResult> {
    return attempt(this.#agent, request);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#agent.close();
  }
}
