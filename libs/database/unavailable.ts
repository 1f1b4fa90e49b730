import { DomainError } from '#libs/platform/domain-error.js';

/**
 * SQLSTATEs by which the database says that it cannot serve just now, whatever was asked: connection exceptions (08),
 * timeouts that end a session (25P03, 25P04), insufficient resources such as memory, disk and connections (53), operator
 * intervention such as a shutdown, a recovery or a cancelled statement (57), system and internal errors (58, XX000).
 */
const AWAY = /^(08|25P0[34]|53|57|58|XX000)/;
/** read_only_sql_transaction: a standby, or a primary that was set to take no changes. */
const READ_ONLY = '25006';
/** serialization_failure, deadlock_detected, lock_not_available. */
const CONTENDED = new Set(['40001', '40P01', '55P03']);
/** Of pg, and of TypeORM, which gives a connection up that broke between two statements. */
const LOST_MESSAGES =
  /terminated|not queryable|timeout exceeded when trying to connect|Connection ended|Query runner already released/i;
const RETRY_SECONDS = 5;

/** The database takes no changes: a connection to it is not worth keeping. */
export class ReadOnlyDatabase extends DomainError {
  constructor(options?: ErrorOptions) {
    const message = 'The database takes no changes just now: it is read-only, or a standby. Try again later.';
    super('unavailable', message, { retryAfterSeconds: RETRY_SECONDS }, options);
  }
}

/** Others were in the way of a transaction, as in a deadlock, and PostgreSQL has ended it: it can be made anew. */
export class Contended extends DomainError {
  constructor(options?: ErrorOptions) {
    const message = 'Others are changing the same entities at this moment; send the request again';
    super('unavailable', message, { retryAfterSeconds: 1 }, options);
  }
}

/**
 * What a failed call of the database is to its caller: `unavailable` when the connection it was made on is not to be
 * used any more, {@link Contended} when others were in the way of the call; else what the server says about the call.
 */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof DomainError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  if (code === READ_ONLY) return new ReadOnlyDatabase({ cause: error });
  if (CONTENDED.has(code)) return new Contended({ cause: error });
  const lost = /^E[A-Z]+$/.test(code) || AWAY.test(code) || LOST_MESSAGES.test(error.message);
  return lost ? unavailable(error) : error;
}

export function unavailable(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  return new DomainError(
    'unavailable',
    'The database cannot be reached just now',
    { retryAfterSeconds: RETRY_SECONDS },
    { cause: error },
  );
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
