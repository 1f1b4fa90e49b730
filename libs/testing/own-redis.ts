/** Parallel test files have separate databases on the tests' Redis: jobs are for their creators. */
const { TEST_REDIS_URL, JEST_WORKER_ID = '0' } = process.env;
if (TEST_REDIS_URL) process.env.TEST_REDIS_URL = new URL(`/${JEST_WORKER_ID}`, TEST_REDIS_URL).href;
