import { type Answer, type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

interface Person {
  id: string;
  displayName?: string;
  createdAt: string;
  updatedAt: string;
}

let app: TestApp;
let api: ApiClient;
let tier: string;
let plan: string;
let people: Person[];
beforeAll(async () => {
  app = await startTestApp();
  api = await app.createTestOrganization();
  tier = (await api.create('/v1/custom-attributes', { ...attribute('tier'), inputDefinition: SELECT })).id;
  plan = (await api.create('/v1/custom-attributes', attribute('plan'))).id;
  for (const displayName of [...NAMES, undefined]) {
    const { id } = await api.create('/v1/endusers', { displayName, externalId: displayName });
    if (displayName?.startsWith('Al')) await setValues(id, { [tier]: ['business', 'gold'], [plan]: 'a' });
    if (displayName?.startsWith('B')) await setValues(id, { [tier]: ['business', 'silver'], [plan]: 'gold' });
  }
  const all = (await api.get('/v1/endusers')).body.data as Person[];
  // Those who were created first are changed last.
  for (const { id } of all.toReversed()) await api.patch(`/v1/endusers/${id}`, { lastName: 'x' });
  people = (await api.get('/v1/endusers')).body.data as Person[];
});
afterAll(() => app.close());

const NAMES = ['Alice', 'bob', 'ALBERT', 'Bea', 'álvaro', 'al_f', 'Álva', 'Alfred', '100%', 'b\\x'];
const attribute = (identifier: string) => ({
  entityType: 'Contact',
  identifier,
  label: identifier,
  inputDefinition: { _type: 'Text' } as object,
});
const SELECT = {
  _type: 'Select',
  options: [
    {
      label: 'Business',
      value: 'business',
      nestedOptions: ['gold', 'silver'].map((value) => ({ label: value, value })),
    },
  ],
};
const setValues = (id: string, values: object) => api.patch(`/v1/endusers/${id}/custom-attributes`, values);
const list = (parameters: Record<string, string>) =>
  api.get(`/v1/endusers?${new URLSearchParams(parameters).toString()}`);
const names = ({ body }: Answer): (string | undefined)[] => body.data.map(({ displayName }: Person) => displayName);
const found = async (parameters: Record<string, string>) => names(await list(parameters));
const named = (name: string) => people.find(({ displayName }) => displayName === name) as Person;

describe('Looking for end users', () => {
  it.each([
    ['al', ['Alice', 'ALBERT', 'al_f', 'Alfred']],
    ['AL', ['Alice', 'ALBERT', 'al_f', 'Alfred']],
    ['al_', ['al_f']],
    ['ÁLV', ['álvaro', 'Álva']],
    ['100%', ['100%']],
    ['%', []],
    ['b\\', ['b\\x']],
    ['alicent', []],
    ["' OR true --", []],
  ])('by the beginning of the name: %s', async (namePrefix, expected) => {
    expect(await found({ namePrefix })).toEqual(expected);
  });

  it('by the value of a custom attribute, which may be an option on a path', async () => {
    const value = (attributeId: string, attributeValue: string) => found({ attributeId, attributeValue });
    expect(await value(tier, 'gold')).toEqual(['Alice', 'Alfred']);
    expect(await value(tier.toUpperCase(), 'business')).toEqual(['Alice', 'Bea', 'Alfred']);
    expect(await value(plan, 'gold')).toEqual(['Bea']);
    expect(await value(plan, 'Gold')).toEqual([]);
    expect(await value(named('Alice').id, 'gold')).toEqual([]);
  });

  it('by a value as it is now', async () => {
    const mine = await app.createTestOrganization();
    const { id: attributeId } = await mine.create('/v1/custom-attributes', attribute('x'));
    const { id } = await mine.create('/v1/endusers', {});
    const set = (value: string | null) => mine.patch(`/v1/endusers/${id}/custom-attributes`, { [attributeId]: value });
    const count = async (value: string) => {
      const query = new URLSearchParams({ attributeId, attributeValue: value }).toString();
      return (await mine.get(`/v1/endusers?${query}`)).body.data.length;
    };
    await set('a');
    await set('b');
    expect([await count('a'), await count('b')]).toEqual([0, 1]);
    await set('x'.repeat(256));
    expect([await count('b'), await count('x'.repeat(255))]).toEqual([0, 0]);
    await set('字'.repeat(255));
    expect(await count('字'.repeat(255))).toBe(1);
    await set(null);
    expect(await count('字'.repeat(255))).toBe(0);
  });

  it('by when they were created and changed', async () => {
    const { createdAt, updatedAt } = named('Bea');
    const names = (from: number, to?: number) => NAMES.slice(from, to);
    expect(await found({ createdSince: createdAt })).toEqual([...names(3), undefined]);
    expect(await found({ createdUntil: createdAt })).toEqual(names(0, 3));
    expect(await found({ createdSince: createdAt, createdUntil: named('Álva').createdAt })).toEqual(names(3, 6));
    expect(await found({ updatedSince: updatedAt })).toEqual(names(0, 4));
    expect(await found({ createdSince: '1900-01-01T00:00:00Z', createdUntil: '9999-12-31T23:59:59Z' })).toEqual([
      ...[...NAMES, undefined],
    ]);
    expect(await found({ createdSince: createdAt.replace('Z', '+00:00') })).toHaveLength(NAMES.length - 2);
  });

  it('by all of it at once', async () => {
    const all = {
      namePrefix: 'al',
      attributeId: tier,
      attributeValue: 'gold',
      externalId: 'Alice',
      createdSince: named('Alice').createdAt,
      updatedSince: named('Alice').updatedAt,
      createdUntil: named('bob').createdAt,
    };
    expect(await found(all)).toEqual(['Alice']);
    for (const changed of [
      ...[{ namePrefix: 'b' }, { attributeValue: 'silver' }, { attributeId: plan }, { externalId: 'bob' }],
      ...[{ createdSince: named('bob').createdAt }, { createdUntil: named('Alice').createdAt }],
      { updatedSince: '2999-01-01T00:00:00Z' },
    ]) {
      expect(await found({ ...all, ...changed })).toEqual([]);
    }
  });

  const SORTED = ['', '100%', 'al_f', 'albert', 'alfred', 'alice', 'b\\x', 'bea', 'bob', 'álva', 'álvaro'];
  it.each([
    ['createdAt', () => people],
    ['updatedAt', () => people.toReversed()],
    [
      'name',
      () => SORTED.map((name) => people.find((one) => (one.displayName ?? '').toLowerCase() === name) as Person),
    ],
  ])('sorted by %s, forth and back, page by page', async (sort, order) => {
    const expected = order().map(({ displayName }) => displayName);
    for (const [direction, inOrder] of [
      [sort, expected],
      [`-${sort}`, expected.toReversed()],
    ] as const) {
      expect(await found({ sort: direction })).toEqual(inOrder);
      const pages = [await list({ sort: direction, pageLimit: '3' })];
      for (let next = pages[0]?.body.meta.next; next; next = pages.at(-1)?.body.meta.next) {
        pages.push(await api.get(next.slice(app.url.length)));
      }
      expect(pages.flatMap(names)).toEqual(inOrder);
      const before = await api.get(pages.at(-1)?.body.meta.previous.slice(app.url.length));
      expect(names(before)).toEqual(inOrder.slice(6, 9));
    }
  });

  it('pages of what is found stay within it', async () => {
    const first = await list({ namePrefix: 'al', sort: '-name', pageLimit: '3' });
    expect(names(first)).toEqual(['Alice', 'Alfred', 'ALBERT']);
    const pageKey = new URL(first.body.meta.next).searchParams.get('pageKey') as string;
    expect(await found({ pageKey })).toEqual(['al_f']);
    const others: Record<string, string>[] = [
      { sort: 'name' },
      { namePrefix: 'b' },
      { updatedSince: '2020-01-01T00:00:00Z' },
    ];
    for (const other of others) {
      const { status, body } = await list({ ...other, pageKey });
      expect(status).toBe(400);
      expect(body.message).toContain(
        'must be the same as in the request that returned the pageKey; omit pageKey to start over',
      );
    }
  });

  it('of another organization finds none', async () => {
    const stranger = await app.createTestOrganization();
    const query = new URLSearchParams({ attributeId: tier, attributeValue: 'gold' }).toString();
    expect((await stranger.get(`/v1/endusers?${query}`)).body.data).toEqual([]);
    expect((await stranger.get('/v1/endusers?namePrefix=a')).body.data).toEqual([]);
  });

  it.each([
    ['namePrefix=', 'namePrefix (must not be empty'],
    [`namePrefix=${'x'.repeat(101)}`, 'namePrefix (must have at most 100'],
    ['attributeId=01980f6a-5c1d-7a10-9b2c-3d4e5f607182', 'attributeId (must come with attributeValue'],
    ['attributeValue=gold', 'attributeValue (must come with attributeId'],
    ['attributeId=x&attributeValue=y', 'attributeId (must be a UUID'],
    ['createdSince=2026', 'createdSince (must be an instant'],
    ['createdUntil=2026-13-01T00:00:00Z', 'createdUntil (must be an instant'],
    ['updatedSince=2026-01-01', 'updatedSince (must be an instant'],
    ['sort=id', 'sort (must be one of: createdAt'],
    ['sort=name&sort=-name', 'sort (must be sent once'],
  ])('is not done by %.60s', async (query, reason) => {
    const { status, body } = await api.get(`/v1/endusers?${query}`);
    expect(status).toBe(400);
    expect(body.message).toContain(`Invalid value for: query parameter ${reason}`);
  });
});
