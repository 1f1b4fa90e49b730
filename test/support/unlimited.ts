/** As good as: each request is counted, and none refused. */
export const UNLIMITED = {
  RATE_LIMIT_PER_SECOND: '1000000',
  RATE_LIMIT_BURST: '1000000',
  RATE_LIMIT_FAILURES_PER_SECOND: '1000000',
};
