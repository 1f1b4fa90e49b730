import { Turns } from './turns.js';

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('Turns', () => {
  it('are taken by organizations one after the other, with all else going on in between', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const all = ['a1', 'a2', 'b1'].map((name) => turns.next(name.slice(0, 1)).then(() => order.push(name)));
    setImmediate(() => order.push('other work'));
    await Promise.all(all);
    expect(order).toEqual(['a1', 'other work', 'b1', 'a2']);
  });

  it('are given to several small pieces at once', async () => {
    const turns = new Turns(2);
    const order: string[] = [];
    for (const name of ['a1', 'a2', 'b1']) void turns.next(name.slice(0, 1)).then(() => order.push(name));
    await endOfTurn();
    expect(order).toEqual(['a1', 'b1']);
  });
});
