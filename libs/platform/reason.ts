const MAX_LENGTH = 500;

/** Returns why something failed, in up to 500 characters. A failed connection to several addresses has no message. */
export function reasonOf(error: unknown): string {
  const { message, code, errors } = error as { message?: string; code?: string; errors?: unknown[] };
  if (message) return message.slice(0, MAX_LENGTH);
  return errors?.[0] === undefined ? (code ?? String(error)) : reasonOf(errors[0]);
}
