import { DomainError } from '../domain-error.js';
import { idOfItem, inBulk } from './bulk.js';

const invalid = new DomainError('invalid', 'no');
const id = '01980F70-1A2B-7C3D-8E4F-506172839405';

describe('A bulk operation', () => {
  it('answers what became of each item in their order, however long each takes', async () => {
    const items = Array.from({ length: 50 }, (_, index) => index);
    const outcomes = await inBulk(items, async (item) => {
      for (let turn = 50; turn > item; turn--) await Promise.resolve();
      if (item % 2) throw invalid;
      return item;
    });
    expect(outcomes).toEqual(
      items.map((item) =>
        item % 2
          ? { _type: 'BulkActionFailure', error: { _type: 'Validation', message: 'no' } }
          : { _type: 'BulkActionSuccess', data: item },
      ),
    );
  });

  it('works on items of the same entity one after another, in their order', async () => {
    const done: number[] = [];
    let working = 0;
    const items = Array.from({ length: 20 }, (_, index) => index);
    const work = async (item: number) => {
      expect(working++).toBe(0);
      for (let turn = 20; turn > item; turn--) await Promise.resolve();
      working--;
      done.push(item);
      if (item === 3) throw invalid;
    };
    await inBulk(items, work, () => 'the same');
    expect(done).toEqual(items);
  });

  it.each([
    [invalid, { _type: 'Validation', id: 'x', message: 'no' }],
    [new DomainError('not-found', 'no'), { _type: 'NotFound', id: 'x', message: 'no' }],
    [new DomainError('conflict', 'no'), { _type: 'Integrity', id: 'x', message: 'no' }],
    [new DomainError('unavailable', 'no'), { _type: 'Infrastructure', id: 'x', message: 'no' }],
    [
      new DomainError('invalid', 'no', { bulkError: 'EmptyPatchSet' }),
      { _type: 'EmptyPatchSet', id: 'x', message: 'no' },
    ],
    [new DomainError('invalid', 'no', { bulkError: 'InvalidArgument' }), { _type: 'InvalidArgument', message: 'no' }],
    [new DomainError('too-large', 'no'), { _type: 'ErrorResponse', message: 'no' }],
  ])('calls %j by its name', async (error, expected) => {
    const [outcome] = await inBulk(
      [1],
      () => Promise.reject(error),
      () => 'x',
    );
    expect(outcome).toEqual({ _type: 'BulkActionFailure', error: expected });
  });

  it('ends when something else goes wrong', async () => {
    await expect(inBulk([1, 2], () => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug');
  });

  it('takes for the id of an item what is a UUID', () => {
    expect(idOfItem({ id })).toBe(id.toLowerCase());
    for (const item of [null, [], 'x', {}, { id: 1 }, { id: 'x' }]) expect(idOfItem(item)).toBeUndefined();
  });
});
