/** Files that run at the same time have databases of their own on the Redis of the tests: jobs are for who made them. */
const { TEST_REDIS_URL, JEST_WORKER_ID = '0' } = process.env;
if (TEST_REDIS_URL) process.env.TEST_REDIS_URL = new URL(`/${JEST_WORKER_ID}`, TEST_REDIS_URL).href;
