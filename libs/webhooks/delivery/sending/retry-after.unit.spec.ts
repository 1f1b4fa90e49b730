import { retryAfter } from './retry-after.js';

const NOW = Date.parse('2026-03-14T09:26:53.000Z');

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    [' 1 ', 1_000],
    ['3600', 3_600_000],
    ['3601', 3_600_000],
    ['9'.repeat(400), 3_600_000],
    ['Sat, 14 Mar 2026 09:27:53 GMT', 60_000],
    ['Saturday, 14-Mar-26 09:27:53 GMT', 60_000],
    ['Sat Mar 14 09:27:53 2026', 60_000],
    ['Sun, 14 Mar 2027 09:27:53 GMT', 3_600_000],
  ])('of %s asks for %d milliseconds', (header, wait) => {
    expect(retryAfter(header, NOW)).toBe(wait);
  });

  it.each([
    [undefined],
    [''],
    ['0'],
    ['-5'],
    ['1.5'],
    ['1e3'],
    ['soon'],
    ['Saturn 2027'],
    ['Mar 14 2027'],
    ['after 2027'],
    ['2026-03-14T09:27:53Z'],
    ['Sat, 14 Mar 2026 09:26:52 GMT'],
    ['Thu, 01 Jan 1970 00:00:00 GMT'],
  ])('of %s asks for nothing', (header) => {
    expect(retryAfter(header, NOW)).toBeUndefined();
  });

  it('counts once when it comes twice', () => {
    expect(retryAfter(['5', '7'], NOW)).toBe(5_000);
  });
});
