import { LRUCache } from 'lru-cache';
import { type Statement } from '#libs/database/batch.js';
import { failedOrganization } from '#libs/database/batch-pool.js';
import { type Database } from '#libs/database/database.js';
import { Grouping } from '#libs/database/grouping.js';
import { merged } from '#libs/database/merged-statements.js';
import { Contended } from '#libs/database/unavailable.js';
import { DomainError } from '#libs/platform/domain-error.js';

/** Limits of the shared queue, and of each organization's own queue. */
const LIMITS = { parallel: 2, size: 32 };
/** Number of statements above which a write would delay other organizations. */
const LARGE = 64;
/** Time for which an organization keeps its own queue after one of its writes has failed. */
const APART_MS = 10_000;
/** Maximum number of organizations that keep their own queues. */
const MOST_APART = 10_000;

/** Statements that are written together or not at all. */
export interface Write {
  organizationId: string;
  /** The first stream that it appends to. */
  stream: string;
  statements: Statement[];
}

/**
 * Lets writes of all organizations share a transaction when they would have to wait anyway: see {@link Grouping}. Large
 * writes, and organizations whose write fails or waits for a lock, get queues of their own, so that no other
 * organization waits for them.
 */
export class GroupCommit {
  readonly #shared = new Grouping<Write, void>(LIMITS, (writes) => this.#commitTogether(writes));
  readonly #own = new Map<string, Grouping<Write, void>>();
  readonly #apart = new LRUCache<string, true>({ max: MOST_APART, ttl: APART_MS });

  constructor(private readonly database: Database) {}

  /** Runs the write's statements in one transaction: all or nothing. */
  write(write: Write): Promise<void> {
    const { organizationId, statements } = write;
    const isApart = statements.length > LARGE || this.#apart.has(organizationId);
    return isApart ? this.#writeApart(write) : this.#shared.call(organizationId, write);
  }

  async #commitTogether(writes: Write[]): Promise<(void | Promise<void>)[]> {
    const byOrganization = [...Map.groupBy(writes, ({ organizationId }) => organizationId)];
    try {
      const inOrder = byOrganization.sort(([one], [other]) => (one < other ? -1 : 1));
      await this.database.writeTogether(
        inOrder.map(([organizationId, group]) => ({ organizationId, statements: statementsOf(group) })),
      );
      return [];
    } catch (error) {
      if (error instanceof DomainError && !(error instanceof Contended)) throw error;
      return this.#commitOthers(writes, failedOrganization(error));
    }
  }

  /** Writes of the organization that has failed are committed one by one, and the others without them. */
  async #commitOthers(writes: Write[], failed: string | undefined): Promise<(void | Promise<void>)[]> {
    const isInnocent = ({ organizationId }: Write) => failed !== undefined && organizationId !== failed;
    if (failed !== undefined) this.#apart.set(failed, true);
    const apart = new Map(
      writes.filter((write) => !isInnocent(write)).map((write) => [write, this.#writeAlone(write)]),
    );
    // Callers get the failure after the others' commit.
    for (const answer of apart.values()) answer.catch(() => undefined);
    const others = writes.filter(isInnocent);
    const answers = others.length > 0 ? await this.#commitTogether(others) : [];
    return writes.map((write) => apart.get(write) ?? answers[others.indexOf(write)]);
  }

  /** Writes alone: a write that waits for a lock must not delay others of the organization. */
  #writeAlone(write: Write): Promise<void> {
    return this.database.write(write.organizationId, statementsOf([write]));
  }

  #writeApart(write: Write): Promise<void> {
    const { organizationId } = write;
    return (this.#own.get(organizationId) ?? this.#open(organizationId)).call(organizationId, write);
  }

  #open(organizationId: string): Grouping<Write, void> {
    const commit = async (group: Write[]) => {
      await this.database.write(organizationId, statementsOf(group));
      return [];
    };
    const line = new Grouping<Write, void>(LIMITS, commit, () => this.#own.delete(organizationId));
    this.#own.set(organizationId, line);
    return line;
  }
}

/** Returns the statements ordered by stream, as bulk requests with a key are: transactions cannot deadlock. */
function statementsOf(writes: Write[]): Statement[] {
  const ordered = writes.toSorted((one, other) => (one.stream < other.stream ? -1 : 1));
  return merged(ordered.flatMap(({ statements }) => statements));
}
