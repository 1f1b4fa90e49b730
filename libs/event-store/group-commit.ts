import { type Statement } from '#libs/platform/batch.js';
import { type Database } from '#libs/platform/database.js';
import { DomainError } from '#libs/platform/domain-error.js';

/** Transactions of one organization at the same time. Writes that come while so many run wait, and then share one. */
const TRANSACTIONS = 2;
const MAX_GROUP = 32;

interface Write {
  statements: Statement[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

interface Line {
  running: number;
  waiting: Write[];
}

/**
 * Lets writes that would have to wait anyway share a transaction, and so its round trip and its flush to disk. A group
 * that fails is undone as a whole, and each of its writes then stands for itself: none suffers from another.
 */
export class GroupCommit {
  readonly #lines = new Map<string, Line>();

  constructor(private readonly database: Database) {}

  /** Runs the statements in one transaction, whole or not at all. */
  write(organizationId: string, statements: Statement[]): Promise<void> {
    const line = this.#lines.get(organizationId) ?? { running: 0, waiting: [] };
    this.#lines.set(organizationId, line);
    return new Promise((resolve, reject) => {
      line.waiting.push({ statements, resolve, reject });
      if (line.running < TRANSACTIONS) void this.#run(organizationId, line);
    });
  }

  async #run(organizationId: string, line: Line): Promise<void> {
    line.running++;
    while (line.waiting.length > 0) await this.#commit(organizationId, line.waiting.splice(0, MAX_GROUP));
    line.running--;
    if (line.running === 0) this.#lines.delete(organizationId);
  }

  async #commit(organizationId: string, group: Write[]): Promise<void> {
    try {
      await this.database.write(
        organizationId,
        group.flatMap(({ statements }) => statements),
      );
      for (const { resolve } of group) resolve();
    } catch (error) {
      // A database that is away is away for each of them; whatever else it is, one of them is the cause.
      if (group.length === 1 || error instanceof DomainError) for (const { reject } of group) reject(error);
      else await Promise.all(group.map((write) => this.#commit(organizationId, [write])));
    }
  }
}
