/** Deskstream cannot start, and the message says what to do about it. Shown without a stack; the process ends with 1. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}
