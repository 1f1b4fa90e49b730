/** What went wrong, in the domain's words. The one place that turns a kind into an HTTP status is `http/error.filter.ts`. */
export type DomainErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'precondition-failed'
  | 'too-large'
  | 'uri-too-long'
  | 'unsupported-media-type'
  | 'unprocessable'
  | 'too-many-requests'
  | 'unavailable';

/** One faulty field of an input: where it is (`authorization.username`) and why it was refused. */
export interface Fault {
  path: string;
  message: string;
}

/** What there is to say beyond the message. */
export interface ErrorDetails {
  faults?: Fault[];
  retryAfterSeconds?: number;
  /** What the entity is at, where the client expected another version. */
  currentVersion?: number;
  /** How a bulk operation names it, where that does not follow from the kind. */
  bulkError?: 'EmptyPatchSet' | 'InvalidArgument';
  /** The id of what has taken the place of an entity that is not found. */
  mergedInto?: string;
}

/**
 * An expected refusal, as a value: deciders return it, handlers throw it, and callers see its message.
 * Everything else that is thrown is a bug and answers 500.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly kind: DomainErrorKind,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Transactions waited for one another in a circle, and PostgreSQL has ended this one: it can be made anew. */
export class Deadlocked extends DomainError {
  constructor(cause: unknown) {
    super(
      'unavailable',
      'Others are changing the same entities at this moment; send the request again',
      { retryAfterSeconds: 1 },
      { cause },
    );
  }
}

/** The entity does not exist in the caller's organization; entities of other organizations look the same. */
export function notFound(entity: string, id: string): DomainError {
  return new DomainError('not-found', `${entity} ${id} could not be found`);
}

/** A body that is faulty in itself or by a rule that needs more than the DTO. */
export function invalidBody(faults: Fault[]): DomainError {
  const reasons = faults.map(({ path, message }) => (path ? `${path} ${message}` : message)).join('; ');
  return new DomainError('invalid', `Invalid value for: body (${reasons})`, { faults });
}
