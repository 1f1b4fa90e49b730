import { DomainError } from '#libs/platform/domain-error.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { Grouping } from './grouping.js';

/** Makes groups that stay under way until released. */
function held() {
  const groups: number[][] = [];
  const release: (() => void)[] = [];
  const run = (calls: number[]) => {
    groups.push(calls);
    return new Promise<number[]>((resolve) => {
      release.push(() => {
        resolve(calls.map((call) => call * 10));
      });
    });
  };
  return { groups, release, run };
}

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('Calls that are grouped', () => {
  it('go together when they come in one turn, up to the size of a group', async () => {
    const { groups, release, run } = held();
    const grouping = new Grouping({ parallel: Infinity, size: 2 }, run);
    const answers = Promise.all([1, 2, 3].map((call) => grouping.call('one', call)));
    await endOfTurn();
    expect(groups).toEqual([[1, 2], [3]]);
    for (const one of release) one();
    expect(await answers).toEqual([10, 20, 30]);
  });

  it('wait while as many groups are under way as may be, and then share one', async () => {
    const { groups, release, run } = held();
    const grouping = new Grouping({ parallel: 1, size: 9 }, run);
    const first = grouping.call('one', 1);
    await endOfTurn();
    const others = Promise.all([grouping.call('one', 2), grouping.call('one', 3)]);
    await endOfTurn();
    expect(groups).toEqual([[1]]);
    release[0]?.();
    await first;
    await waitFor('the next group', () => groups.length > 1);
    expect(groups).toEqual([[1], [2, 3]]);
    release[1]?.();
    expect(await others).toEqual([20, 30]);
  });

  it('stand each for itself once their group has failed', async () => {
    const grouping = new Grouping({ parallel: 1, size: 9 }, (calls: number[]) =>
      calls.includes(2) ? Promise.reject(new Error('two')) : Promise.resolve(calls),
    );
    const answers = await Promise.allSettled([1, 2, 3].map((call) => grouping.call('one', call)));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('fail together when the database is unavailable, without being tried again', async () => {
    let runs = 0;
    const grouping = new Grouping({ parallel: 1, size: 9 }, () => {
      runs++;
      return Promise.reject(new DomainError('unavailable', 'away'));
    });
    const answers = await Promise.allSettled([1, 2, 3].map((call) => grouping.call('one', call)));
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(runs).toBe(1);
  });

  it('tell when the last of them is done', async () => {
    let idle = 0;
    const grouping = new Grouping(
      { parallel: 2, size: 1 },
      (calls: number[]) => Promise.resolve(calls),
      () => idle++,
    );
    await Promise.all([1, 2, 3].map((call) => grouping.call('one', call)));
    await endOfTurn();
    expect(idle).toBe(1);
  });
});
