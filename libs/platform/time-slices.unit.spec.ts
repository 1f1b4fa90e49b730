import { TimeSlices } from './time-slices.js';

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('TimeSlices', () => {
  it('are taken by organizations one after the other, with all else going on in between', async () => {
    const timeSlices = new TimeSlices();
    const order: string[] = [];
    const all = ['a1', 'a2', 'b1'].map((name) => timeSlices.next(name.slice(0, 1)).then(() => order.push(name)));
    setImmediate(() => order.push('other work'));
    await Promise.all(all);
    expect(order).toEqual(['a1', 'other work', 'b1', 'a2']);
  });

  it('are given to several small pieces at once', async () => {
    const timeSlices = new TimeSlices(2);
    const order: string[] = [];
    for (const name of ['a1', 'a2', 'b1']) void timeSlices.next(name.slice(0, 1)).then(() => order.push(name));
    await endOfTurn();
    expect(order).toEqual(['a1', 'b1']);
  });
});
