/** The kind of an error, in the domain's words. Only `http/error.filter.ts` turns it into an HTTP status. */
export type DomainErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'conflict'
  | 'precondition-failed'
  | 'too-large'
  | 'uri-too-long'
  | 'unsupported-media-type'
  | 'unprocessable'
  | 'too-many-requests'
  | 'unavailable';

/** A faulty field of an input: its path (`authorization.username`) and why it was refused. */
export interface Fault {
  path: string;
  message: string;
}

/** Details besides the message. */
export interface ErrorDetails {
  faults?: Fault[];
  retryAfterSeconds?: number;
  /** The methods that are possible, if the client's is not. */
  methods?: string[];
  /** The entity's version, if the client expected another. */
  currentVersion?: number;
  /** The error's name in bulk operations, if it does not follow from the kind. */
  bulkError?: 'EmptyPatchSet' | 'InvalidArgument';
  /** The id of the entity that replaced one that is not found. */
  mergedInto?: string;
}

/**
 * An expected refusal, as a value: deciders return it, handlers throw it, and callers see its message. Any other error
 * that is thrown is a bug and answers 500.
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

/**
 * A refusal during an outage. The beginning and the end of the outage are reported once (`outage.ts`): the log has no
 * line for each refusal.
 */
export class OutageError extends DomainError {
  constructor(message: string, retryAfterSeconds: number, options?: ErrorOptions) {
    super('unavailable', message, { retryAfterSeconds }, options);
  }
}

/** Returns a decision that is not an error. @throws {DomainError} the decision, when it is one */
export function accepted<Decision>(decision: Decision | DomainError): Decision {
  if (decision instanceof DomainError) throw decision;
  return decision;
}

/** Returns the error for an entity that does not exist, or belongs to another organization, which looks the same. */
export function notFound(entity: string, id: string): DomainError {
  return new DomainError('not-found', `${entity} ${id} could not be found`);
}

/** Maximum number of faults in an answer. */
const MAX_FAULTS = 20;
const MAX_PATH_LENGTH = 200;

/** Returns the error for a body that is faulty by itself or by a rule beyond the DTO. It names the first faults. */
export function invalidBody(all: Fault[]): DomainError {
  const faults = all.slice(0, MAX_FAULTS).map(({ path, message }) => ({ path: shortened(path), message }));
  const reasons = faults.map(({ path, message }) => (path ? `${path} ${message}` : message));
  if (all.length > MAX_FAULTS) reasons.push(`and ${all.length - MAX_FAULTS} more`);
  return new DomainError('invalid', `Invalid value for: body (${reasons.join('; ')})`, { faults });
}

function shortened(path: string): string {
  return path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH).toWellFormed()}…` : path;
}

/** Returns the error for query parameters that are faulty by themselves or by a rule beyond the DTO. */
export function invalidParameter(faults: [Fault, ...Fault[]]): DomainError {
  const [{ path, message }] = faults;
  return new DomainError('invalid', `Invalid value for: query parameter ${path} (${message})`, { faults });
}

/** Returns a caught error that is a refusal. @throws any other error */
export function asRefusal(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  throw error;
}

/** Returns the result, or the refusal as a value. */
export function orRefusal<T>(make: () => T): T | DomainError {
  try {
    return make();
  } catch (error) {
    return asRefusal(error);
  }
}
