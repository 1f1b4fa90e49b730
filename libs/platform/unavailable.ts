import { Deadlocked, DomainError } from './domain-error.js';

/**
 * SQLSTATEs that mean "no database just now": connection, a transaction that idled too long, resources, operator
 * intervention, a statement that takes too long.
 */
const UNAVAILABLE_STATES = /^(08|25P03|53|57|58|XX000)/;
const UNAVAILABLE_MESSAGES = /terminated|not queryable|timeout exceeded when trying to connect|Connection ended/i;

const DEADLOCK = '40P01';

/** What a failed call of the database is to its caller: {@link unavailable} when it says nothing about the call itself. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof DomainError || !(error instanceof Error)) return error;
  const code = (error as { code?: string }).code ?? '';
  if (code === DEADLOCK) return new Deadlocked(error);
  const lost = /^E[A-Z]+$/.test(code) || UNAVAILABLE_STATES.test(code) || UNAVAILABLE_MESSAGES.test(error.message);
  return lost ? unavailable(error) : error;
}

export function unavailable(error: unknown): DomainError {
  return new DomainError(
    'unavailable',
    'The database cannot be reached just now',
    { retryAfterSeconds: 5 },
    { cause: error },
  );
}
