import { type BatchResult, type Statement } from './batch.js';
import { DomainError } from './domain-error.js';
import { Contended } from './unavailable.js';

/** A statement, and whose rows it sees: an organization's, or nobody's where it is empty. */
export interface ScopedStatement {
  scope: string;
  statement: Statement;
}

interface Lookup extends ScopedStatement {
  resolve: (result: BatchResult) => void;
  reject: (error: unknown) => void;
}

/** Most lookups of one round trip: none waits for more than so many others. */
const MAX_SHARED = 16;

/**
 * Lookups that are asked for in one turn of the event loop share a round trip. To write to a socket and to wake up a
 * process of PostgreSQL costs several times what it takes to find a row, so the busier the process, the less a lookup
 * costs. Nobody waits for company: the turn that asked is the turn that sends.
 */
export class SharedLookups {
  #waiting: Lookup[] = [];

  /** @param run sends statements as one batch, each under its own scope */
  constructor(private readonly run: (statements: ScopedStatement[]) => Promise<BatchResult[]>) {}

  ask(scope: string, statement: Statement): Promise<BatchResult> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) {
        setImmediate(() => {
          this.#send();
        });
      }
      this.#waiting.push({ scope, statement, resolve, reject });
    });
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    // One organization's follow upon each other, so that the scope changes as seldom as can be.
    waiting.sort((one, other) => (one.scope < other.scope ? -1 : Number(one.scope > other.scope)));
    for (let from = 0; from < waiting.length; from += MAX_SHARED) {
      void this.#settle(waiting.slice(from, from + MAX_SHARED));
    }
  }

  /** A batch that fails has failed by one statement: asked by themselves, the others are answered. */
  async #settle(lookups: Lookup[]): Promise<void> {
    try {
      const results = await this.run(lookups);
      for (const [index, { resolve }] of lookups.entries()) resolve(results[index] as BatchResult);
    } catch (error) {
      const isCommon = error instanceof DomainError && !(error instanceof Contended);
      if (isCommon || lookups.length === 1) for (const { reject } of lookups) reject(error);
      else await Promise.all(lookups.map((lookup) => this.#settle([lookup])));
    }
  }
}
