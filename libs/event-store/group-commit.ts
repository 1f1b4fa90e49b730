import { LRUCache } from 'lru-cache';
import { type Statement } from '#libs/database/batch.js';
import { type Database, failedOrganization } from '#libs/database/database.js';
import { Grouping } from '#libs/database/grouping.js';
import { merged } from '#libs/database/merged-statements.js';
import { Contended } from '#libs/database/unavailable.js';
import { DomainError } from '#libs/platform/domain-error.js';

/** Of the line that all organizations share, and of one organization's own. */
const LIMITS = { parallel: 2, size: 32 };
/** Statements of a write that is too large to keep other organizations waiting. */
const LARGE = 64;
/** For how long an organization keeps to its own line after one of its writes has failed. */
const APART_MS = 10_000;
/** Of organizations that keep to their own lines. */
const MOST_APART = 10_000;

/** What is written together or not at all. */
export interface Write {
  organizationId: string;
  /** The first stream that it appends to. */
  stream: string;
  statements: Statement[];
}

/**
 * Lets writes share a transaction when they would have to wait anyway, whosever they are: see {@link Grouping}. An
 * organization whose write fails, is large, or waits for a lock, goes on in a line of its own: nobody else waits for it.
 */
export class GroupCommit {
  readonly #shared = new Grouping<Write, void>(LIMITS, (writes) => this.#commitTogether(writes));
  readonly #own = new Map<string, Grouping<Write, void>>();
  readonly #apart = new LRUCache<string, true>({ max: MOST_APART, ttl: APART_MS });

  constructor(private readonly database: Database) {}

  /** Runs the write's statements in one transaction, whole or not at all. */
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

  /** The writes of the organization that has failed go on each by itself, and the others without it. */
  async #commitOthers(writes: Write[], failed: string | undefined): Promise<(void | Promise<void>)[]> {
    const isInnocent = ({ organizationId }: Write) => failed !== undefined && organizationId !== failed;
    if (failed !== undefined) this.#apart.set(failed, true);
    const apart = new Map(
      writes.filter((write) => !isInnocent(write)).map((write) => [write, this.#writeAlone(write)]),
    );
    // Whoever has asked hears of a failure, after the others' commit.
    for (const answer of apart.values()) answer.catch(() => undefined);
    const others = writes.filter(isInnocent);
    const answers = others.length > 0 ? await this.#commitTogether(others) : [];
    return writes.map((write) => apart.get(write) ?? answers[others.indexOf(write)]);
  }

  /** One that waits for a lock must keep no other write of the organization waiting. */
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

/** In one order, as bulk requests under a key have it: transactions do not wait for one another in a circle. */
function statementsOf(writes: Write[]): Statement[] {
  const ordered = writes.toSorted((one, other) => (one.stream < other.stream ? -1 : 1));
  return merged(ordered.flatMap(({ statements }) => statements));
}
