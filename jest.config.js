export default {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: {
    '^#(apps|libs|migrations)/(.*)\\.js$': '<rootDir>/$1/$2.ts',
    '^(\\.{1,2}/.*)(?<!\\.json)\\.js$': '$1',
  },
  testRegex: '\\.(unit|int|e2e|crash)\\.spec\\.ts$',
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  setupFiles: ['<rootDir>/libs/testing/own-redis.ts'],
  globalSetup: '<rootDir>/libs/testing/global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/global-teardown.ts',
  testTimeout: 30_000,
  // Tests mostly wait; each file has a database and ports of its own.
  maxWorkers: 3,
  // A failed test may leave a server open; the run must end all the same.
  forceExit: true,
};
