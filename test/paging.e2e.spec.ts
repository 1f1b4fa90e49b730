import { type Answer, type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const COUNT = 23;
const LIST = '/v1/endusers';

let app: TestApp;
let api: ApiClient;
let ids: string[];
beforeAll(async () => {
  app = await startTestApp();
  api = await app.createTestOrganization();
  for (let number = 1; number <= COUNT; number++) {
    await api.create(LIST, { displayName: `${number}`, externalId: `external ${number}&?=` });
  }
  ids = (await api.get(`${LIST}?pageLimit=200`)).body.data.map(({ id }: { id: string }) => id);
});
afterAll(() => app.close());

const idsOf = ({ body }: Answer): string[] => body.data.map(({ id }: { id: string }) => id);
/** What a client does that passes a link straight on. */
const follow = (link: string, client = api) => client.get(link.slice(app.url.length));
const keyOf = (link: string) => new URL(link).searchParams.get('pageKey') as string;
const refused = (answer: Answer) => {
  expect(answer.status).toBe(400);
  expect(answer.body.message).toBe('Invalid value for: query parameter pageKey (not a key of this list)');
};

describe('Pages of a list', () => {
  it('are 50 long unless the client says otherwise', async () => {
    const { body } = await api.get(LIST);
    expect(body.data).toHaveLength(COUNT);
    expect(body.meta).toEqual({});
    expect(ids).toEqual(ids.toSorted());
    const other = await app.createTestOrganization();
    await other.post(`${LIST}/bulk`, { data: Array.from({ length: 51 }, () => ({})) });
    const first = await other.get(LIST);
    expect(first.body.data).toHaveLength(50);
    expect((await follow(first.body.meta.next, other)).body.data).toHaveLength(1);
  });

  it.each([1, 4, 22, 23, 24, 200])('of %i hold every entity once, forth and back', async (limit) => {
    const forth = [await api.get(`${LIST}?pageLimit=${limit}`)];
    for (let next = forth[0]?.body.meta.next; next; next = forth.at(-1)?.body.meta.next) forth.push(await follow(next));
    expect(forth.flatMap(idsOf)).toEqual(ids);
    expect(forth).toHaveLength(Math.ceil(COUNT / limit));
    expect(forth[0]?.body.meta).not.toHaveProperty('previous');

    const back = [forth.at(-1) as Answer];
    for (let link = back[0]?.body.meta.previous; link; link = back[0]?.body.meta.previous) {
      back.unshift(await follow(link));
    }
    expect(back.flatMap(idsOf)).toEqual(ids);
    if (back.length > 1) {
      expect(idsOf(await follow(back[0]?.body.meta.next))).toEqual(idsOf(back[1] as Answer));
    }
  });

  it('are linked by absolute URLs, which carry the key alone', async () => {
    const { next } = (await api.get(`${LIST}?pageLimit=5&unknown=1&sort=createdAt`)).body.meta;
    const url = new URL(next);
    expect(url.origin).toBe(app.url);
    expect(url.pathname).toBe(LIST);
    expect([...url.searchParams.keys()]).toEqual(['pageKey']);
  });

  it('can be asked for by their key alone, and with the parameters of the first page again', async () => {
    const { next } = (await api.get(`${LIST}?pageLimit=5`)).body.meta;
    const key = keyOf(next);
    const expected = ids.slice(5, 10);
    for (const query of [
      `pageKey=${key}`,
      `pageKey=${key}&pageKey=${key}`,
      `pageLimit=5&pageKey=${key}`,
      `pageKey=${key}&pageLimit=5&pageLimit=5&pageLimit=05`,
      `pageLimit=5&pageKey=${key}&pageLimit=5&pageKey=${key}&unknown=1`,
    ]) {
      expect({ query, ids: idsOf(await api.get(`${LIST}?${query}`)) }).toEqual({ query, ids: expected });
    }
  });

  it('are as long from then on as the last pageLimit beside a key says', async () => {
    const { next } = (await api.get(`${LIST}?pageLimit=5`)).body.meta;
    const other = await api.get(`${LIST}/?pageKey=${keyOf(next)}&pageLimit=2`);
    expect(idsOf(other)).toEqual(ids.slice(5, 7));
    expect(idsOf(await follow(other.body.meta.next))).toEqual(ids.slice(7, 9));
    expect(idsOf(await follow(other.body.meta.previous))).toEqual(ids.slice(3, 5));
    expect((await api.get(`${LIST}?pageKey=${keyOf(next)}&pageLimit=2&pageLimit=3`)).body.message).toBe(
      'Invalid value for: query parameter pageLimit (must be sent once, or with the same value each time)',
    );
  });

  it('are not shifted by entities that come meanwhile', async () => {
    const other = await app.createTestOrganization();
    for (let number = 1; number <= 4; number++) await other.create(LIST, {});
    const first = await other.get(`${LIST}?pageLimit=3`);
    const { id } = await other.create(LIST, {});
    const second = await follow(first.body.meta.next, other);
    expect(idsOf(second)).toHaveLength(2);
    expect(idsOf(second)[1]).toBe(id);
    expect(idsOf(await follow(second.body.meta.previous, other))).toEqual(idsOf(first));
  });

  it.each(['0', '-1', '201', '1.5', 'x', '', '1e2', '99999999999999999999'])('are not %s long', async (limit) => {
    const answer = await api.get(`${LIST}?pageLimit=${limit}`);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toBe(
      'Invalid value for: query parameter pageLimit (must be a whole number from 1 to 200)',
    );
  });
});

describe('A page key', () => {
  /** A key as a list with a filter gives it, which has one page only: made from one of the list without. */
  const key = async (changes: object = {}) => {
    const { next } = (await api.get(`${LIST}?pageLimit=5`)).body.meta;
    const spelled = JSON.parse(Buffer.from(keyOf(next), 'base64url').toString()) as object;
    return Buffer.from(JSON.stringify({ ...spelled, ...changes })).toString('base64url');
  };

  it('brings the filters of its list along, which may be sent again', async () => {
    const externalId = 'external 7&?=';
    const filtered = await key({ filters: { externalId } });
    const expected = ids.slice(6, 7);
    expect(idsOf(await api.get(`${LIST}?pageKey=${filtered}`))).toEqual(expected);
    expect(idsOf(await api.get(`${LIST}?externalId=${encodeURIComponent(externalId)}&pageKey=${filtered}`))).toEqual(
      expected,
    );
    const { previous } = (await api.get(`${LIST}?pageKey=${filtered}`)).body.meta;
    expect((await follow(previous)).body).toEqual({ data: [], meta: {} });
  });

  it('belongs to the filters that it was made with, and to the order', async () => {
    const [plain, filtered] = [await key(), await key({ filters: { externalId: 'external 7&?=' } })];
    for (const [name, query] of [
      ['externalId', `externalId=x&pageKey=${plain}`],
      ['externalId', `externalId=x&pageKey=${filtered}`],
      ['email', `email=a@x.example&pageKey=${filtered}`],
      ['sort', `sort=-createdAt&pageKey=${plain}`],
    ]) {
      const { status, body } = await api.get(`${LIST}?${query}`);
      expect({ status, message: body.message }).toEqual({
        status: 400,
        message: `Invalid value for: query parameter ${name} (must be the same as in the request that returned the pageKey; omit pageKey to start over)`,
      });
    }
  });

  it('compares filters by what they mean', async () => {
    const since = '2026-01-01T00:00:00Z';
    const { next } = (await api.get(`${LIST}?pageLimit=5&createdSince=${since}`)).body.meta;
    for (const again of [since, '2026-01-01T01:00:00+01:00', '2026-01-01T00:00:00.000z[UTC]']) {
      expect(idsOf(await api.get(`${LIST}?pageKey=${keyOf(next)}&createdSince=${again}`))).toEqual(ids.slice(5, 10));
    }
    const { status } = await api.get(`${LIST}?pageKey=${keyOf(next)}&createdSince=2026-01-01T00:00:01Z`);
    expect(status).toBe(400);
  });

  it('of an earlier version, without a length and with filters as they were typed, still works', async () => {
    const filters = { createdSince: '2026-01-01T01:00:00+01:00' };
    const earlier = await key({ limit: undefined, filters });
    expect(idsOf(await api.get(`${LIST}?pageKey=${earlier}`))).toEqual(ids.slice(5));
    const query = new URLSearchParams({ ...filters, pageLimit: '2', pageKey: earlier });
    expect(idsOf(await api.get(`${LIST}?${query.toString()}`))).toEqual(ids.slice(5, 7));
  });

  it('belongs to its list and organization', async () => {
    const plain = await key();
    refused(await (await app.createTestOrganization()).get(`${LIST}?pageKey=${plain}`));
    refused(await api.get(`${LIST}?pageKey=${await key({ path: '/v1/agents' })}`));
    refused(await api.get(`${LIST}?pageKey=${await key({ organization: undefined })}`));
  });

  it.each<object>([
    { values: [] },
    { values: ['x'] },
    { values: ["' OR true --"] },
    { values: [1] },
    { values: ['2026-01-01T00:00:00Z'] },
    { values: [null] },
    { values: 'x' },
    { values: { length: 1 } },
    { values: ['01980f70-1a2b-7c3d-8e4f-506172839405', '01980f70-1a2b-7c3d-8e4f-506172839405'] },
    { backward: 1 },
    { backward: undefined },
    { filters: null },
    { filters: [] },
    { filters: { externalId: 5 } },
    { filters: { externalId: 'x', unknown: 'y' } },
    { filters: { pageLimit: '7' } },
    { path: null },
    { limit: 0 },
    { limit: 10_001 },
    { limit: '5' },
    { limit: null },
    { filters: { constructor: 'x' } },
  ])('with %j is refused', async (changes) => {
    refused(await api.get(`${LIST}?pageKey=${await key(changes)}`));
  });

  it.each(['x', 'null', 'W10', 'e30', 'eyJhIjox', '%00', '💥', 'a'.repeat(4096), '__proto__'])(
    'that is none is refused: %.20s',
    async (text) => {
      const answer = await api.get(`${LIST}?pageKey=${text}`);
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('Invalid value for: query parameter pageKey');
    },
  );

  it.each(['', 'a'.repeat(4097), 'x&pageKey=y'])('that is not a text of its length is refused: %.20s', async (text) => {
    expect((await api.get(`${LIST}?pageKey=${text}`)).status).toBe(400);
  });

  it('works where the longest filter is part of it', async () => {
    const externalId = '字'.repeat(255);
    const { status, body } = await api.get(`${LIST}?pageKey=${await key({ filters: { externalId } })}`);
    expect({ status, body }).toEqual({ status: 200, body: { data: [], meta: {} } });
  });
});
