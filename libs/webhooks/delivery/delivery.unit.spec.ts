import { pauseAfter } from './backoff.js';

describe('The pause after a failed attempt', () => {
  it('grows over about 28 hours, then there is no further attempt', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7].map((attempts) => pauseAfter(attempts, 0) as number);
    expect(pauses.map((ms) => ms / 1000)).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 36_000]);
    expect(pauses.reduce((sum, ms) => sum + ms, 0) / 3_600_000).toBeCloseTo(27.6, 1);
    expect(pauseAfter(8, 0)).toBeUndefined();
  });

  it('is stretched at random, never shortened', () => {
    expect(pauseAfter(1, 1)).toBe(5_500);
    for (let i = 0; i < 100; i++) expect(pauseAfter(2)).toBeGreaterThanOrEqual(300_000);
  });
});
