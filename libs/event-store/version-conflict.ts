import { violatedConstraint } from '#libs/database/database.js';
import { Contended } from '#libs/database/unavailable.js';
import { DomainError } from '#libs/platform/domain-error.js';

/** SQLSTATE that the database's functions raise for versions and guards. */
const CONFLICT_STATE = 'DS001';

/**
 * Another writer was first: a stream is no longer at the expected version, or a guard no longer holds. If the only
 * cause was contention, as in a deadlock, the error is `unavailable`: a retry may succeed in a moment.
 */
export class VersionConflict extends DomainError {
  constructor(cause?: unknown) {
    const [kind, details] =
      cause instanceof Contended ? (['unavailable', { retryAfterSeconds: 1 }] as const) : (['conflict', {}] as const);
    super(kind, 'Others are changing this entity; try again', details, { cause });
  }
}

/** Returns whether a database error means that a version was taken or a guard did not hold. */
export function isVersionConflict(error: unknown): boolean {
  if (error instanceof Contended || violatedConstraint(error) === 'events_pkey') return true;
  return (error as { code?: string }).code === CONFLICT_STATE;
}
