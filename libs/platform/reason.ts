const MAX_LENGTH = 500;

/** Why something failed, for people, in 500 characters at most. A connection to a name with several addresses fails with several errors and no message. */
export function reasonOf(error: unknown): string {
  const { message, code, errors } = error as { message?: string; code?: string; errors?: unknown[] };
  if (message) return message.slice(0, MAX_LENGTH);
  return errors?.[0] === undefined ? (code ?? String(error)) : reasonOf(errors[0]);
}
