import { DomainError, OutageError } from '#libs/platform/domain-error.js';

/**
 * SQLSTATEs of a database that cannot serve any request now: connection exceptions (08), timeouts that end a session
 * (25P03, 25P04), insufficient resources such as memory, disk and connections (53), operator intervention such as a
 * shutdown, a recovery or a cancelled statement (57), system and internal errors (58, XX000).
 */
const AWAY = /^(08|25P0[34]|53|57|58|XX000)/;
/** SQLSTATE read_only_sql_transaction, of a standby or a read-only primary. */
const READ_ONLY = '25006';
/** SQLSTATEs serialization_failure, deadlock_detected, lock_not_available. */
const CONTENDED = new Set(['40001', '40P01', '55P03']);
/** Messages of pg, and of TypeORM, which drops a connection that broke between two statements. */
const LOST_MESSAGES =
  /terminated|not queryable|timeout exceeded when trying to connect|Connection ended|Query runner already released/i;
/** SQLSTATEs query_canceled, of a statement that took too long, and internal_error: others may succeed meanwhile. */
const OF_ONE_STATEMENT = new Set(['57014', 'XX000']);
const RETRY_SECONDS = 5;
const MESSAGE = 'The database cannot be reached at the moment';

/** The database is read-only: its connection is not worth keeping. */
export class ReadOnlyDatabase extends OutageError {
  constructor(options?: ErrorOptions) {
    const message = 'The database accepts no changes at the moment: it is read-only or a standby. Try again later.';
    super(message, RETRY_SECONDS, options);
  }
}

/** PostgreSQL aborted the transaction because of other ones, as in a deadlock. It can be retried. */
export class Contended extends DomainError {
  constructor(options?: ErrorOptions) {
    const message = 'Others are changing the same entities at this moment; send the request again';
    super('unavailable', message, { retryAfterSeconds: 1 }, options);
  }
}

/**
 * Returns the error of a failed database call for its caller: `unavailable` when the connection is no longer usable,
 * {@link Contended} when other transactions were in the way, and otherwise the server's error.
 */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof DomainError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  if (code === READ_ONLY) return new ReadOnlyDatabase({ cause: error });
  if (CONTENDED.has(code)) return new Contended({ cause: error });
  if (OF_ONE_STATEMENT.has(code)) return refusal(error);
  const lost = /^E[A-Z]+$/.test(code) || AWAY.test(code) || LOST_MESSAGES.test(error.message);
  return lost ? unavailable(error) : error;
}

/** Returns the error for an unavailable database. */
export function unavailable(error: unknown): DomainError {
  return error instanceof DomainError ? error : new OutageError(MESSAGE, RETRY_SECONDS, { cause: error });
}

/** Returns the error of one call that a database could not serve. */
export function refusal(error: unknown): DomainError {
  return new DomainError('unavailable', MESSAGE, { retryAfterSeconds: RETRY_SECONDS }, { cause: error });
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
