import { DomainError } from '#libs/platform/domain-error.js';

/** Time in which another process may answer. */
const RETRY_SECONDS = 5;

/** Returns the error for work that depends on an event that only a newer release knows. */
export function newerEvent({ stream, version, type }: { stream: string; version: number; type: string }): DomainError {
  const event = `${type}, version ${version} of ${stream}`;
  const message = `Only a newer release of Deskstream knows an event: ${event}. Send the request again until a process of that release answers it.`;
  return new DomainError('unavailable', message, { retryAfterSeconds: RETRY_SECONDS });
}
