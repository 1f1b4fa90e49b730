import { loadConfig } from '#apps/config.js';
import { type AttemptResult, type Outcome } from '../sending/attempt.js';
import { AttemptRate } from './attempt-rate.js';
import { afterAttempt, type Health, HEALTHY, isTripped, pauseOfReceiver, reasonToDisable } from './circuit-breaker.js';
import { pauseAfter } from './retry-schedule.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('The pause after a failed attempt', () => {
  const { retrySchedule } = loadConfig({}).webhooks;

  it('grows over about 28 hours, then there is no further attempt', () => {
    const pauses = Array.from({ length: 8 }, (_, index) => pauseAfter(retrySchedule, index + 1, 0));
    expect(pauses.slice(0, 3)).toEqual([5_000, 300_000, 1_800_000]);
    expect(pauses.slice(0, 7).reduce<number>((sum, pause) => sum + (pause ?? 0), 0)).toBeCloseTo(27.6 * HOUR, -6);
    expect(pauses[7]).toBeUndefined();
  });

  it('is stretched at random, never shortened', () => {
    expect(pauseAfter(retrySchedule, 1, 1)).toBe(5_500);
    for (let i = 0; i < 100; i++) expect(pauseAfter(retrySchedule, 2)).toBeGreaterThanOrEqual(300_000);
  });
});

describe('The health of a receiver', () => {
  const ended = (outcome: Outcome, retryAfterMs?: number): AttemptResult => ({
    outcome,
    retryAfterMs,
    startedAt: new Date(),
    durationMs: 1,
    responseText: '',
  });
  const afterFailures = (count: number, failingMs = 0): Health =>
    Array.from({ length: count }).reduce<Health>((health) => afterAttempt(health, ended('refused')), {
      ...HEALTHY,
      failingMs,
    });

  it('is only probed after ten failures in a row, until one attempt succeeds', () => {
    expect(isTripped(afterFailures(9))).toBe(false);
    expect(isTripped(afterFailures(10))).toBe(true);
    expect(afterAttempt(afterFailures(50), ended('delivered'))).toEqual(HEALTHY);
  });

  it('makes pauses between probes that grow with the time for which it fails, up to five minutes', () => {
    const pause = (failures: number, failingMs: number) =>
      pauseOfReceiver(afterFailures(failures, failingMs), ended('refused'));
    expect(pause(9, HOUR)).toBe(0);
    expect(pause(10, 0)).toBe(1_000);
    expect(pause(10, 60_000)).toBe(6_000);
    expect(pause(10, DAY)).toBe(300_000);
  });

  it('pauses for as long as Retry-After asks', () => {
    expect(pauseOfReceiver(afterFailures(1), ended('throttled', 7_000))).toBe(7_000);
    expect(pauseOfReceiver(afterFailures(20, DAY), ended('throttled', 7_000))).toBe(300_000);
    expect(pauseOfReceiver(HEALTHY, ended('delivered'))).toBe(0);
  });

  it('ends a subscription at once when the receiver is gone, and after five days of nothing but failures', () => {
    expect(reasonToDisable(afterFailures(1), ended('gone'))).toBe('gone');
    expect(reasonToDisable(afterFailures(10, 5 * DAY), ended('timeout'))).toBe('failing');
    expect(reasonToDisable(afterFailures(10, 5 * DAY - 1), ended('timeout'))).toBeUndefined();
    expect(reasonToDisable(afterFailures(9, 9 * DAY), ended('timeout'))).toBeUndefined();
    expect(reasonToDisable(HEALTHY, ended('delivered'))).toBeUndefined();
  });
});

describe('The rate of a subscription', () => {
  it('lets as many attempts begin as have come up, and no more than a few at once', () => {
    const pace = new AttemptRate(100);
    const start = performance.now();
    expect(pace.available(start)).toBe(1);
    pace.take(1);
    expect(pace.available(start + 5)).toBe(0);
    expect(pace.available(start + 40)).toBe(4);
    expect(pace.available(start + 60_000)).toBe(5);
  });

  it('says how long the next attempt has to wait', () => {
    const pace = new AttemptRate(1);
    expect(pace.wait()).toBe(0);
    pace.take(1);
    expect(pace.wait()).toBeGreaterThan(900);
    expect(pace.wait()).toBeLessThanOrEqual(1_000);
  });
});
