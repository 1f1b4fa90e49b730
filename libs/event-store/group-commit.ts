import { type Statement } from '#libs/platform/batch.js';
import { type Database } from '#libs/platform/database.js';
import { Grouping } from '#libs/platform/grouping.js';

/** Of one organization. */
const LIMITS = { parallel: 2, size: 32 };

/** Lets writes of an organization share a transaction when they would have to wait anyway: see {@link Grouping}. */
export class GroupCommit {
  readonly #lines = new Map<string, Grouping<Statement[], void>>();

  constructor(private readonly database: Database) {}

  /** Runs the statements in one transaction, whole or not at all. */
  async write(organizationId: string, statements: Statement[]): Promise<void> {
    const line = this.#lines.get(organizationId) ?? this.#open(organizationId);
    try {
      await line.call(statements);
    } finally {
      if (line.idle) this.#lines.delete(organizationId);
    }
  }

  #open(organizationId: string): Grouping<Statement[], void> {
    const line = new Grouping<Statement[], void>(LIMITS, async (group) => {
      await this.database.write(organizationId, group.flat());
      return [];
    });
    this.#lines.set(organizationId, line);
    return line;
  }
}
