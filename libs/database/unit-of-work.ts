import { DomainError } from '#libs/platform/domain-error.js';
import { type BatchResult, preparedAnew, type Statement } from './batch.js';

const BEGIN = { text: 'BEGIN' };
const COMMIT = { text: 'COMMIT' };
const ROLLBACK = { text: 'ROLLBACK' };
const SAVEPOINT = { text: 'SAVEPOINT batch' };
const RELEASE = { text: 'RELEASE SAVEPOINT batch' };
const UNDO = [{ text: 'ROLLBACK TO SAVEPOINT batch' }, RELEASE];

const scopedTo = (scope: string) => ({ text: `SELECT set_config('app.org', $1, true)`, values: [scope] });

/** Sends statements over the unit's connection in one round trip. */
type Send = (statements: Statement[], wanted: number) => Promise<BatchResult[]>;

/**
 * One transaction of many round trips, on its own connection. Each batch in it succeeds or fails as a whole: a failed
 * one is rolled back alone, and the next continues from the state before it. Concurrent batches take turns.
 */
export class UnitOfWork {
  /** Statements that run last, along with the commit. */
  readonly closing: Statement[] = [];
  readonly #announcements: (() => void)[] = [];
  /** The error that ended the transaction for good, such as a lost connection or a deadlock. */
  broken: DomainError | undefined;
  #scope: string;
  #failed = false;
  #over = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly organizationId: string,
    private readonly connection: Send,
  ) {
    this.#scope = organizationId;
  }

  /**
   * Begins the transaction and runs its first statements, in one round trip.
   * @param settings statements that set up any transaction of the connection
   */
  async begin(settings: Statement[], statements: Statement[]): Promise<BatchResult[]> {
    const before = [BEGIN, ...settings, scopedTo(this.organizationId)];
    const results = await this.#send([...before, ...statements], statements.length);
    return results.slice(before.length);
  }

  /** Runs a batch after those before it. See {@link Database.transact}. */
  run(organizationId: string | null, statements: Statement[], wanted: number): Promise<BatchResult[]> {
    const results = this.#last.then(() => preparedAnew(() => this.#run(organizationId ?? '', statements, wanted)));
    this.#last = results.catch(() => undefined);
    return results;
  }

  /** Calls `announce` once the unit is committed, or never. */
  afterCommit(announce: () => void): void {
    this.#announcements.push(announce);
  }

  async commit(): Promise<void> {
    await this.#end(() => [...this.#undone(), ...this.#scopedTo(this.organizationId), ...this.closing, COMMIT]);
    for (const announce of this.#announcements) announce();
  }

  async rollback(): Promise<void> {
    await this.#end(() => [ROLLBACK]);
  }

  /** Ends the unit. Batches that still wait for a turn fail: none may run outside of the transaction. */
  async #end(statements: () => Statement[]): Promise<void> {
    this.#over = true;
    await this.#last;
    await this.#send(statements(), 0);
  }

  async #run(scope: string, statements: Statement[], wanted: number): Promise<BatchResult[]> {
    if (this.#over) throw new Error('The unit of work is over');
    if (this.broken) throw this.broken;
    const before = [...this.#undone(), SAVEPOINT, ...this.#scopedTo(scope)];
    this.#failed = true;
    const results = await this.#send([...before, ...statements, RELEASE], wanted === 0 ? 0 : wanted + 1);
    this.#failed = false;
    this.#scope = scope;
    return results.slice(before.length, -1);
  }

  async #send(statements: Statement[], wanted: number): Promise<BatchResult[]> {
    try {
      return await this.connection(statements, wanted);
    } catch (error) {
      if (error instanceof DomainError) this.broken ??= error;
      throw error;
    }
  }

  /** Returns statements that undo a failed batch and its scope. */
  #undone(): Statement[] {
    return this.#failed ? UNDO : [];
  }

  #scopedTo(scope: string): Statement[] {
    return scope === this.#scope ? [] : [scopedTo(scope)];
  }
}
