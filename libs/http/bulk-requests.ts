import { Injectable } from '@nestjs/common';
import { type Statement } from '#libs/database/batch.js';
import { Database } from '#libs/database/database.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { timeSlices } from '#libs/platform/time-slices.js';
import { type BulkOutcome, type BulkWork, inBulk } from './bulk.js';

/** Maximum wait of a bulk request in a unit of work for its turn. */
const MAX_WAIT = '10s';
const LOCK_NOT_AVAILABLE = '55P03';

/** Executes bulk requests; under an Idempotency-Key, in one transaction. */
@Injectable()
export class BulkRequests {
  constructor(private readonly database: Database) {}

  /**
   * See {@link inBulk}. A transaction of many items locks each entity and each unique value until it ends. To avoid
   * deadlocks, such transactions of an organization run one after the other. Organizations take turns at computing
   * items.
   * @throws {DomainError} `unavailable` when the turn does not come in time
   */
  async each<Item, Prepared, Result>(
    organizationId: string,
    items: Item[],
    work: BulkWork<Item, Prepared, Result>,
  ): Promise<BulkOutcome<Result>[]> {
    const { unit } = this.database;
    if (unit) await this.#takeTurn(organizationId);
    return inBulk(items, work, () => timeSlices.next(organizationId));
  }

  async #takeTurn(organizationId: string): Promise<void> {
    const statements = [waitingAtMost(MAX_WAIT), turnOf(organizationId), waitingAtMost('0')];
    try {
      await this.database.write(organizationId, statements);
    } catch (error) {
      throw (error as { code?: string }).code === LOCK_NOT_AVAILABLE ? noTurn(error) : error;
    }
  }
}

const waitingAtMost = (time: string) => ({ text: `SELECT set_config('lock_timeout', $1, true)`, values: [time] });

/** Takes the lock until the end of the transaction. It has two keys because other locks have one. */
function turnOf(organizationId: string): Statement {
  return { text: `SELECT pg_advisory_xact_lock(hashtext('bulk requests'), hashtext($1))`, values: [organizationId] };
}

function noTurn(cause: unknown): DomainError {
  return new DomainError(
    'unavailable',
    `Other bulk requests of the organization with an Idempotency-Key are under way for more than ${MAX_WAIT}; send this one again later`,
    { retryAfterSeconds: 5 },
    { cause },
  );
}
