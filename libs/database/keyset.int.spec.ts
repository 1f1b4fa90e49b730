import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { type Cursor, Keyset, type Page } from './keyset.js';

interface Row {
  id: string;
  at: Date;
  number: number;
}

let store: TestStore;
beforeAll(async () => {
  store = await createTestStore();
});
afterAll(() => store.close());

const COUNT = 25;
/** Rows of which each three share an instant. */
const ROWS = {
  text: `SELECT * FROM (SELECT n AS number, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid AS id,
           '2026-01-01T00:00:00.001Z'::timestamptz + n / 3 * interval '1 second' AS at
         FROM generate_series(1, ${COUNT}) AS n) AS rows WHERE number <= $1`,
  values: [COUNT],
};

const byNumber = { name: 'number', type: 'bigint', of: ({ number }: Row) => number } as const;
const byId = { name: 'id', type: 'uuid', of: ({ id }: Row) => id } as const;
const byInstant = { name: 'at', type: 'timestamptz', of: ({ at }: Row) => at.toISOString() } as const;

const upwards = Array.from({ length: COUNT }, (_, index) => index + 1);
const orders = [
  ['one column up', new Keyset<Row>([byNumber], 'ASC'), upwards],
  ['one column down', new Keyset<Row>([byNumber], 'DESC'), upwards.toReversed()],
  ['two columns up', new Keyset<Row>([byInstant, byId], 'ASC'), upwards],
  ['two columns down', new Keyset<Row>([byInstant, byId], 'DESC'), upwards.toReversed()],
] as const;

const ID = '00000000-0000-7000-8000-000000000001';
const WRONG_INSTANTS = [
  ...['2026-W01-1', '2026-001', '20260101T000000Z', '2026-01-01', '2026-01-01T00:00:00', '0000-01-01T00:00:00Z'],
  ...['2026-02-30T00:00:00Z', '2026-01-01T25:00:00Z', ''],
];
const WRONG_KEYS: unknown[][] = [
  ...[[], ['x'], [1, 2, 3], [1.5], ['1'], [null], [{}]],
  ...WRONG_INSTANTS.map((instant) => [instant, ID]),
  ...['x', "' OR true", null].map((id) => ['2026-01-01T00:00:00Z', id]),
];

const numbers = ({ rows }: Page<Row>) => rows.map(({ number }) => number);

describe.each(orders)('Pages by %s', (_, keyset, expected) => {
  const read = (limit: number, cursor?: Cursor) =>
    keyset.read(store.database, '00000000-0000-4000-8000-000000000001', ROWS, { limit, cursor });

  it.each([1, 4, 5, 24, 25, 26])('of %i hold every row once, forth and back', async (limit) => {
    const forth: Page<Row>[] = [await read(limit)];
    for (let next = forth[0]?.next; next; next = forth.at(-1)?.next) forth.push(await read(limit, next));
    expect(forth.flatMap(numbers)).toEqual(expected);
    expect(forth).toHaveLength(Math.ceil(COUNT / limit));

    const back: Page<Row>[] = [forth.at(-1) as Page<Row>];
    for (let previous = back[0]?.previous; previous; previous = back[0]?.previous) {
      back.unshift(await read(limit, previous));
    }
    expect(back.flatMap(numbers)).toEqual(expected);
    expect(forth[0]?.previous).toBeUndefined();
    expect(back[0]?.previous).toBeUndefined();
    if (back.length > 1) expect(numbers(await read(limit, back[0]?.next))).toEqual(numbers(back[1] as Page<Row>));
  });

  it('are as long as asked for at the moment', async () => {
    const { next } = await read(10);
    const second = await read(3, next);
    expect(numbers(second)).toEqual(expected.slice(10, 13));
    expect(numbers(await read(25, second.previous))).toEqual(expected.slice(0, 10));
  });

  it.each(WRONG_KEYS.map((values) => [values]))('do not begin at %j', async (values) => {
    await expect(read(5, { values: values as string[], backward: false })).rejects.toMatchObject({ kind: 'invalid' });
  });
});

describe('A list without rows', () => {
  it('is one page without neighbours', async () => {
    const keyset = new Keyset<Row>([byNumber], 'ASC');
    const none = { ...ROWS, values: [0] };
    const page = await keyset.read(store.database, '00000000-0000-4000-8000-000000000001', none, { limit: 5 });
    expect(page).toEqual({ rows: [] });
  });
});
