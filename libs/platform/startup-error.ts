/** Stops the start; its message says what to do. It is shown without a stack, and the process exits with 1. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}
