/**
 * A Jest environment that is Node's own, not a context for each file: see `native-runtime.ts`. Jest changes only the
 * globals of this environment, and nothing else in the process.
 */
export default class NativeEnvironment {
  readonly global = { process: Object.create(process) as NodeJS.Process };
  readonly fakeTimers = null;
  readonly fakeTimersModern = null;
  readonly moduleMocker = null;

  getVmContext(): null {
    return null;
  }

  async setup(): Promise<void> {}

  async teardown(): Promise<void> {}
}
