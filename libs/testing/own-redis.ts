/** Parallel test files have keys of their own in the tests' Redis: jobs are for their creators. */
const { TEST_REDIS_URL, JEST_WORKER_ID = '0' } = process.env;
if (TEST_REDIS_URL) process.env.TEST_REDIS_URL = `${TEST_REDIS_URL.split('?')[0]}?prefix=test-${JEST_WORKER_ID}`;
