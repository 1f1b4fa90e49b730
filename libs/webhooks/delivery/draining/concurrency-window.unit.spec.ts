import { FIRST_ATTEMPTS, ConcurrencyWindow } from './concurrency-window.js';
import { PARALLEL } from './drain-statements.js';

describe('The window of a subscription', () => {
  it('begins with a few attempts', () => {
    expect(new ConcurrencyWindow().size).toBe(FIRST_ATTEMPTS);
  });

  it('is twice as wide once all in it were answered well, up to the most there may be', () => {
    const window = new ConcurrencyWindow();
    for (let attempt = 0; attempt < FIRST_ATTEMPTS; attempt++) window.delivered();
    expect(window.size).toBe(2 * FIRST_ATTEMPTS);
    for (let attempt = 0; attempt < 2 * PARALLEL; attempt++) window.delivered();
    expect(window.size).toBe(PARALLEL);
  });

  it('is half as wide after each failure, and never closed', () => {
    const window = new ConcurrencyWindow();
    window.failed();
    expect(window.size).toBe(FIRST_ATTEMPTS / 2);
    for (let attempt = 0; attempt < 20; attempt++) window.failed();
    expect(window.size).toBe(1);
  });
});
