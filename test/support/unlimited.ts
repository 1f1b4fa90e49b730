/** Rate limits that count each request, but are too high to refuse any. */
export const UNLIMITED = {
  RATE_LIMIT_PER_SECOND: '1000000',
  RATE_LIMIT_BURST: '1000000',
  RATE_LIMIT_FAILURES_PER_SECOND: '1000000',
};
