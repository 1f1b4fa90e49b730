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

/** A decision that is not an error. @throws {DomainError} the decision, when it is one */
export function accepted<Decision>(decision: Decision | DomainError): Decision {
  if (decision instanceof DomainError) throw decision;
  return decision;
}

/** The entity does not exist in the caller's organization; entities of other organizations look the same. */
export function notFound(entity: string, id: string): DomainError {
  return new DomainError('not-found', `${entity} ${id} could not be found`);
}

/** Faults that an answer names at most, and characters of each path: fields have the names that clients give them. */
const MAX_FAULTS = 20;
const MAX_PATH_LENGTH = 200;

/** A body that is faulty in itself or by a rule that needs more than the DTO. Of many faults, the first are told. */
export function invalidBody(all: Fault[]): DomainError {
  const faults = all.slice(0, MAX_FAULTS).map(({ path, message }) => ({ path: shortened(path), message }));
  const reasons = faults.map(({ path, message }) => (path ? `${path} ${message}` : message));
  if (all.length > MAX_FAULTS) reasons.push(`and ${all.length - MAX_FAULTS} more`);
  return new DomainError('invalid', `Invalid value for: body (${reasons.join('; ')})`, { faults });
}

function shortened(path: string): string {
  return path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH).toWellFormed()}…` : path;
}

/** Query parameters that are faulty in themselves or by a rule that needs more than the DTO. */
export function invalidParameter(faults: [Fault, ...Fault[]]): DomainError {
  const [{ path, message }] = faults;
  return new DomainError('invalid', `Invalid value for: query parameter ${path} (${message})`, { faults });
}

/** An error that was caught, where it is a refusal. @throws whatever else it is */
export function asRefusal(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  throw error;
}

/** What is made, or why it is refused. */
export function orRefusal<T>(make: () => T): T | DomainError {
  try {
    return make();
  } catch (error) {
    return asRefusal(error);
  }
}
