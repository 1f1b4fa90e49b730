import { DomainError } from '#libs/platform/domain-error.js';
import { type BulkWork, idOfItem, inBulk as inBulkByTurns } from './bulk.js';

const invalid = new DomainError('invalid', 'no');
const id = '01980F70-1A2B-7C3D-8E4F-506172839405';

function inBulk<Item, Prepared, Result>(items: Item[], work: BulkWork<Item, Prepared, Result>) {
  return inBulkByTurns(items, work, () => Promise.resolve());
}

/** Work on numbers: carrying one out appends it to a list. */
const work = (refused: (item: number) => boolean, done: number[] = [], idOf?: (item: number) => string) => ({
  idOf,
  prepare: (item: number) => Promise.resolve(item),
  carryOut: (items: number[]) => {
    done.push(...items);
    return Promise.resolve(items.map((item) => (refused(item) ? invalid : item)));
  },
});

describe('A bulk operation', () => {
  it('answers what became of each item in their order', async () => {
    const items = Array.from({ length: 600 }, (_, index) => index);
    const outcomes = await inBulk(
      items,
      work((item) => item % 2 === 1),
    );
    expect(outcomes).toEqual(
      items.map((item) =>
        item % 2
          ? { _type: 'BulkActionFailure', error: { _type: 'Validation', message: 'no' } }
          : { _type: 'BulkActionSuccess', data: item },
      ),
    );
  });

  it('works on items in the order of their ids, and on those of the same entity in their own', async () => {
    const done: number[] = [];
    await inBulk(
      [5, 14, 3, 24, 4],
      work(
        () => false,
        done,
        (item) => String(item % 10),
      ),
    );
    expect(done).toEqual([3, 14, 24, 4, 5]);
  });

  it('leaves those out that are not valid', async () => {
    const done: number[] = [];
    const prepare = (item: number) => (item === 2 ? Promise.reject(invalid) : Promise.resolve(item));
    const outcomes = await inBulk([1, 2, 3], { ...work(() => false, done), prepare });
    expect(outcomes.map(({ _type }) => _type)).toEqual(['BulkActionSuccess', 'BulkActionFailure', 'BulkActionSuccess']);
    expect(done).toEqual([1, 3]);
  });

  it('finds those that make all fail, and does the others', async () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    let calls = 0;
    const carryOut = (some: number[]) => {
      calls++;
      return some.includes(17) || some.includes(80) ? Promise.reject(invalid) : Promise.resolve(some);
    };
    const outcomes = await inBulk(items, { ...work(() => false), carryOut });
    expect(outcomes.flatMap(({ _type }, index) => (_type === 'BulkActionFailure' ? index : []))).toEqual([17, 80]);
    expect(calls).toBeLessThan(30);
  });

  it('asks once when the database is unavailable', async () => {
    let calls = 0;
    const away = new DomainError('unavailable', 'no');
    const carryOut = () => Promise.reject(++calls > 1 ? new Error('asked again') : away);
    const outcomes = await inBulk([1, 2, 3], { ...work(() => false), carryOut });
    expect(outcomes.map(({ _type }) => _type)).toEqual(Array.from({ length: 3 }, () => 'BulkActionFailure'));
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
    const carryOut = () => Promise.reject(error);
    const [outcome] = await inBulk([1], {
      ...work(
        () => false,
        [],
        () => 'x',
      ),
      carryOut,
    });
    expect(outcome).toEqual({ _type: 'BulkActionFailure', error: expected });
  });

  it('ends when something else goes wrong', async () => {
    await expect(
      inBulk([1, 2], { ...work(() => false), carryOut: () => Promise.reject(new Error('a bug')) }),
    ).rejects.toThrow('a bug');
  });

  it('takes for the id of an item what is a UUID', () => {
    expect(idOfItem({ id })).toBe(id.toLowerCase());
    for (const item of [null, [], 'x', {}, { id: 1 }, { id: 'x' }]) expect(idOfItem(item)).toBeUndefined();
  });
});
