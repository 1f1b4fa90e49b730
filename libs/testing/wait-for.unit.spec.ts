import { waitFor } from './wait-for.js';

const PATIENCE = { stillMs: 100, stillLooks: 3, limitMs: 60_000 };

describe('A wait', () => {
  it('answers what the condition answered', async () => {
    expect(await waitFor('an answer', () => 'answer')).toBe('answer');
  });

  it('goes on as long as something moves', async () => {
    let count = 0;
    const begun = performance.now();
    const isLong = () => performance.now() - begun > 3 * PATIENCE.stillMs;
    expect(await waitFor('a while', isLong, () => (count += 1), PATIENCE)).toBe(true);
  });

  it('ends when nothing moves any more, and says where things stand', async () => {
    let count = 0;
    const never = waitFor('ten', () => count > 9, () => (count = Math.min(count + 1, 7)), PATIENCE); // prettier-ignore
    await expect(never).rejects.toThrow('Waited in vain: ten (it stands at 7)');
  });

  it('ends when it has taken too long, though something moves', async () => {
    let count = 0;
    const never = waitFor('the end', () => false, () => (count += 1), { ...PATIENCE, limitMs: 100 }); // prettier-ignore
    await expect(never).rejects.toThrow(/^Waited in vain: the end/);
  });
});
