/** What went wrong, in the domain's words. The one place that turns a kind into an HTTP status is `http/error.filter.ts`. */
export type DomainErrorKind =
  'invalid' | 'unauthenticated' | 'not-found' | 'conflict' | 'too-large' | 'unsupported-media-type' | 'unavailable';

/** One faulty field of an input: where it is (`authorization.username`) and why it was refused. */
export interface Fault {
  path: string;
  message: string;
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
    readonly details: { faults?: Fault[]; retryAfterSeconds?: number } = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The entity does not exist in the caller's organization; entities of other organizations look the same. */
export function notFound(entity: string, id: string): DomainError {
  return new DomainError('not-found', `${entity} ${id} could not be found`);
}
