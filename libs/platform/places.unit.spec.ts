import { Places } from './places.js';

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Returns those that have entered, in order. */
function entering(places: Places) {
  const entered: string[] = [];
  const come = async (...names: string[]) => {
    for (const name of names) void places.take(name.slice(0, 1)).then(() => entered.push(name));
    await endOfTurn();
  };
  const leave = async (name: string) => {
    places.leave(name.slice(0, 1));
    await endOfTurn();
  };
  return { entered, come, leave };
}

describe('Places', () => {
  it('are all for one while nobody else waits', async () => {
    const { entered, come } = entering(new Places({ places: 2 }));
    await come('a1', 'a2', 'a3');
    expect(entered).toEqual(['a1', 'a2']);
  });

  it('go to organizations in turn', async () => {
    const { entered, come, leave } = entering(new Places({ places: 1 }));
    await come('a1', 'a2', 'a3', 'b1');
    await leave('a1');
    await leave('a2');
    await leave('b1');
    expect(entered).toEqual(['a1', 'a2', 'b1', 'a3']);
  });

  it('are kept free for others beyond what one may have', async () => {
    const { entered, come, leave } = entering(new Places({ places: 3, most: 2 }));
    await come('a1', 'a2', 'a3', 'b1');
    expect(entered).toEqual(['a1', 'a2', 'b1']);
    await leave('b1');
    expect(entered).toEqual(['a1', 'a2', 'b1']);
    await leave('a1');
    expect(entered).toEqual(['a1', 'a2', 'b1', 'a3']);
  });

  it('are left to the next, however many take all that they can', async () => {
    const { entered, come, leave } = entering(new Places({ places: 8, most: 5, leavesRoom: true }));
    const allOf = (name: string) => Array.from({ length: 8 }, (_, i) => `${name}${i}`);
    for (const name of ['a', 'b', 'c', 'd']) await come(...allOf(name));
    expect(entered).toEqual(['a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'c0', 'd0']);
    await leave('a');
    expect(entered).toHaveLength(8);
    await come('e0', 'f0');
    expect(entered.slice(8)).toEqual(['e0']);
    await leave('a');
    expect(entered.slice(9)).toEqual(['f0']);
  });

  it('are refused at once to who has its share, and to others only when none is left', () => {
    const shareRefusal = (taken: number) => `has ${taken}`;
    const options = { places: 3, leavesRoom: true, refusal: 'full', shareRefusal, retrySeconds: 7 };
    const places = new Places(options);
    const details = { retryAfterSeconds: 7 };
    const refusalOf = (organization: string) => {
      try {
        places.takeAtOnce(organization);
        return undefined;
      } catch (error) {
        return error;
      }
    };
    expect(['a', 'a'].map(refusalOf)).toEqual([undefined, undefined]);
    expect(refusalOf('a')).toMatchObject({ kind: 'too-many-requests', message: 'has 2', details });
    expect(refusalOf('b')).toBeUndefined();
    expect(refusalOf('c')).toMatchObject({ kind: 'unavailable', message: 'full', details });
    places.leave('a');
    expect(refusalOf('a')).toMatchObject({ kind: 'too-many-requests', message: 'has 1' });
    expect(refusalOf('c')).toBeUndefined();
  });

  it('are refused to who has waited too long, and go to the next', async () => {
    const places = new Places({ places: 1, withinMs: 1 });
    await places.take('a');
    await expect(places.take('a')).rejects.toMatchObject({ kind: 'unavailable', details: { retryAfterSeconds: 1 } });
    const next = places.with('b', () => Promise.resolve('done'));
    places.leave('a');
    expect(await next).toBe('done');
    expect(await places.with('a', () => Promise.resolve('again'))).toBe('again');
  });

  it('are given back by work that fails', async () => {
    const places = new Places({ places: 1 });
    await expect(places.with('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await places.with('a', () => Promise.resolve('done'))).toBe('done');
  });
});
