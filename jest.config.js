export default {
  runtime: '<rootDir>/libs/testing/native-runtime.ts',
  testEnvironment: '<rootDir>/libs/testing/native-environment.ts',
  transform: {},
  testRegex: '\\.(unit|int|e2e|crash)\\.spec\\.ts$',
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  setupFiles: ['<rootDir>/libs/testing/own-redis.ts'],
  globalSetup: '<rootDir>/libs/testing/global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/global-teardown.ts',
  // Waits end when nothing moves any more (`waitFor`); this ends what hangs elsewhere, on the slowest machine.
  testTimeout: 600_000,
  // Tests mostly wait; each file has a database and ports of its own.
  maxWorkers: 4,
  // A failed test may leave a server open; the run must end all the same.
  forceExit: true,
};
