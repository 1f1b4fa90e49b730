/** When requests are repeated. */
export interface Retries {
  /** Maximum number of times that a request is sent; 5 unless given. */
  attempts: number;
  /** The longest pause in seconds. A server that asks for a longer one gets no further request; 60 unless given. */
  maxPauseSeconds: number;
}

const FIRST_PAUSE_SECONDS = 0.5;
const READS = ['GET', 'HEAD'];
/** Refused for now, or not reached behind a proxy. */
const PASSING = [429, 502, 503, 504];

/**
 * Returns a `fetch` that repeats requests which the server refused for now (429, 503, or 409 with
 * `Retry-After`) or which got no answer. It pauses as
 * long as `Retry-After` says, else twice as long each time. Each write gets an `Idempotency-Key`, unless it has one, so
 * that it is executed once.
 */
export function retrying({ attempts = 5, maxPauseSeconds = 60 }: Partial<Retries>): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    if (!READS.includes(request.method) && !request.headers.has('idempotency-key')) {
      request.headers.set('idempotency-key', crypto.randomUUID());
    }
    for (let attempt = 1; ; attempt++) {
      const outcome = await fetch(request.clone()).catch((error: unknown) => error);
      const pause = pauseAfter(outcome, attempt);
      if (attempt < attempts && pause !== undefined && pause <= maxPauseSeconds && !request.signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, pause * 1000));
      } else if (outcome instanceof Response) {
        return outcome;
      } else {
        throw outcome;
      }
    }
  };
}

/** Returns the pause in seconds before a request is repeated; undefined if it is not. */
function pauseAfter(outcome: unknown, attempt: number): number | undefined {
  const usual = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1);
  if (!(outcome instanceof Response)) return usual;
  const asked = outcome.headers.get('retry-after');
  // A conflict with an earlier request under the same key, which is still under way.
  const isPassing = PASSING.includes(outcome.status) || (outcome.status === 409 && asked !== null);
  if (!isPassing) return undefined;
  return asked !== null && /^\d+$/.test(asked) ? Number(asked) : usual;
}
