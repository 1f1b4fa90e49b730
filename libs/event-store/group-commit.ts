import { type Statement } from '#libs/platform/batch.js';
import { type Database } from '#libs/platform/database.js';
import { merged } from '#libs/platform/merged-statements.js';
import { Grouping } from '#libs/platform/grouping.js';

/** Of one organization. */
const LIMITS = { parallel: 2, size: 32 };

/** What is written together or not at all. */
export interface Write {
  /** The first stream that it appends to. */
  stream: string;
  statements: Statement[];
}

/** Lets writes of an organization share a transaction when they would have to wait anyway: see {@link Grouping}. */
export class GroupCommit {
  readonly #lines = new Map<string, Grouping<Write, void>>();

  constructor(private readonly database: Database) {}

  /** Runs the write's statements in one transaction, whole or not at all. */
  async write(organizationId: string, write: Write): Promise<void> {
    await (this.#lines.get(organizationId) ?? this.#open(organizationId)).call(write);
  }

  #open(organizationId: string): Grouping<Write, void> {
    const commit = async (group: Write[]) => {
      // In one order, as bulk requests under a key have it: transactions do not wait for one another in a circle.
      const ordered = group.toSorted((one, other) => (one.stream < other.stream ? -1 : 1));
      await this.database.write(organizationId, merged(ordered.flatMap(({ statements }) => statements)));
      return [];
    };
    const line = new Grouping<Write, void>(LIMITS, commit, () => this.#lines.delete(organizationId));
    this.#lines.set(organizationId, line);
    return line;
  }
}
