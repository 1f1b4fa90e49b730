import { waitFor } from '#libs/testing/wait-for.js';
import { Outage } from './outage.js';

describe('An outage', () => {
  it('is told once when it begins and once when it ends, however often it is met', async () => {
    const told: string[] = [];
    const outage = new Outage('test', {
      begins: (reason) => told.push(reason),
      ends: () => told.push('over'),
    });
    outage.worked();
    for (let call = 0; call < 100; call++) {
      outage.failed(new Error(`READONLY ${call} ${'x'.repeat(30_000)}`));
      outage.worked();
    }
    expect([told.length, outage.lasts]).toEqual([1, true]);
    expect(told[0]).toMatch(/^READONLY 0 x+$/);
    expect(told[0]?.length).toBeLessThanOrEqual(500);
    await waitFor('the outage to be over', () => {
      outage.worked();
      return !outage.lasts;
    });
    outage.worked();
    expect(told.slice(1)).toEqual(['over']);
  });
});
