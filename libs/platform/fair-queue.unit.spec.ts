import { FairQueue } from './fair-queue.js';

function queued(...items: string[]): FairQueue<string> {
  const queue = new FairQueue<string>();
  for (const item of items) queue.push(item.slice(0, 1), item);
  return queue;
}

describe('A fair queue', () => {
  it('lets owners take turns, and each keep its order', () => {
    expect(queued('a1', 'a2', 'a3', 'b1', 'c1', 'b2').take(9)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('lets one who comes late wait for one item of each other at most', () => {
    const queue = queued('a1', 'a2', 'a3');
    queue.shift();
    queue.push('b', 'b1');
    expect(queue.take(2)).toEqual(['a2', 'b1']);
  });

  it('begins anew for an owner who has left', () => {
    const queue = queued('a1');
    queue.shift();
    queue.push('b', 'b1');
    queue.push('a', 'a2');
    expect(queue.take(2)).toEqual(['b1', 'a2']);
  });

  it('passes over those who may not take', () => {
    const queue = queued('a1', 'b1');
    expect(queue.shift((owner) => owner === 'b')).toBe('b1');
    expect(queue.shift((owner) => owner === 'b')).toBeUndefined();
    expect(queue.length).toBe(1);
  });
});
