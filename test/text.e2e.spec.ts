import { type ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
});

const COMPOSED = 'Caf\u00e9';
const DECOMPOSED = 'Cafe\u0301';
const found = async (query: string) => {
  const { status, body } = await api.get(`/v1/${query}`);
  return [status, body.data?.map(({ id }: { id: string }) => id) ?? body.message];
};

describe('Text in whatever form of Unicode', () => {
  it('is kept in NFC: in bodies, bulk items, options and maps', async () => {
    expect((await api.post('/v1/tags', { name: DECOMPOSED })).body.data.name).toBe(COMPOSED);
    const bulk = await api.post('/v1/endusers/bulk', {
      data: [{ displayName: DECOMPOSED, middleNames: [DECOMPOSED] }],
    });
    expect(bulk.body.data[0].data).toMatchObject({ displayName: COMPOSED, middleNames: [COMPOSED] });
    const options = [{ label: DECOMPOSED, value: DECOMPOSED }];
    const attribute = { entityType: 'Contact', identifier: 'a', label: 'A' };
    const inputDefinition = { _type: 'Select', options };
    const { id } = await api.create('/v1/custom-attributes', { ...attribute, inputDefinition });
    const user = bulk.body.data[0].data.id;
    const values = await api.patch(`/v1/endusers/${user}/custom-attributes`, { [id]: [DECOMPOSED] });
    expect(values.body.data[0].value).toEqual([COMPOSED]);
    const query = `attributeId=${id}&attributeValue=${encodeURIComponent(DECOMPOSED)}`;
    expect(await found(`endusers?${query}`)).toEqual([200, [user]]);
  });

  it('is one tag, one end user, one agent', async () => {
    const tag = await api.createTag(COMPOSED);
    expect(await api.createTag(DECOMPOSED)).toBe(tag);
    const email = (local: string) => ({ displayName: 'x', email: `${local}@x.example` });
    for (const path of ['/v1/endusers', '/v1/agents']) {
      const { id } = await api.create(path, email(COMPOSED));
      const refused = await api.post(path, email(DECOMPOSED));
      expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining(id)]);
    }
  });

  it('is found by filters, the beginning of a name, and in paths', async () => {
    const { id } = await api.create('/v1/endusers', {
      displayName: `${COMPOSED} Müller`,
      email: `${COMPOSED}@x.example`,
      externalId: COMPOSED,
    });
    const text = encodeURIComponent(DECOMPOSED);
    for (const query of [`email=${text}@x.example`, `namePrefix=${text}`, `externalId=${text}`]) {
      expect([query, await found(`endusers?${query}`)]).toEqual([query, [200, [id]]]);
    }
    const replaced = await api.put(`/v1/endusers/external/${text}`, { displayName: 'x' });
    expect([replaced.status, replaced.body.data.id]).toEqual([200, id]);
  });

  it('is refused where it stacks marks without end, before that takes time', async () => {
    const text = `a${'\u0301\u0323'.repeat(100_000)}`;
    const answers = await Promise.all([
      api.post('/v1/endusers', { displayName: text }),
      api.post('/v1/endusers', { [text]: 1 }),
      api.post('/v1/endusers/bulk', { data: [{ displayName: text }] }),
    ]);
    for (const { status, body } of answers) {
      expect([status, body.message.slice(-70)]).toEqual([400, expect.stringContaining('30 combining marks')]);
    }
    const query = await api.get(`/v1/endusers?namePrefix=a${encodeURIComponent('\u0301'.repeat(31))}`);
    expect([query.status, query.body.message]).toEqual([400, expect.stringContaining('query parameter namePrefix')]);
  });
});

describe('Names', () => {
  it.each([
    ['ΠΕΛΑΤΗΣ', 'πελατης'],
    ['STRASSE', 'straße'],
    ['İstanbul', 'i\u0307stanbul'],
    ['VIP', 'v\u200bip\u2060'],
    ['\ufeffVIP', 'VIP\u00ad'],
  ])('of tags are the same in any case and with anything that nobody sees: %j and %j', async (one, other) => {
    expect(await api.createTag(other)).toBe(await api.createTag(one));
  });

  it('of end users begin with a prefix in any case, also one that ends in a final sigma', async () => {
    const { id } = await api.create('/v1/endusers', { displayName: 'ΠΕΛΑΤΗΣΑΚΗΣ' });
    await api.create('/v1/endusers', { displayName: 'Petra' });
    for (const prefix of ['πελατης', 'ΠΕΛΑΤΗΣ', 'Πελατησ', 'π\u200bε']) {
      expect(await found(`endusers?namePrefix=${encodeURIComponent(prefix)}`)).toEqual([200, [id]]);
    }
    await api.patch(`/v1/endusers/${id}`, { displayName: 'Straße' });
    expect(await found('endusers?namePrefix=STRASS')).toEqual([200, [id]]);
    await api.patch(`/v1/endusers/${id}`, { displayName: null });
    expect(await found('endusers?namePrefix=STRASS')).toEqual([200, []]);
  });

  it.each([
    '\u200b',
    '\u2060',
    '\ufeff',
    '\u00ad',
    '\u3164',
    '\u2800',
    '\ufe0f',
    '\u202a\u202c',
    ' \u200d ',
    '\u{E0020}',
  ])('show something, which %j does not', async (name) => {
    const definition = { entityType: 'Contact', identifier: 'a', label: 'a' };
    const request = { name, callFunctionality: false, isDefault: false, isDoNotOfferEnabled: false };
    const select = { _type: 'Select', options: [{ label: name, value: 'a' }] };
    const answers = await Promise.all([
      api.post('/v1/tags', { name }),
      api.post('/v1/teams', { name }),
      api.post('/v1/queues', { request }),
      api.post('/v1/endusers', { displayName: name }),
      api.post('/v1/agents', { displayName: name, email: 'a@x.example' }),
      api.post('/v1/tokens', { name, scopes: ['tags:read'] }),
      api.post('/v1/custom-attributes', { ...definition, label: name, inputDefinition: { _type: 'Text' } }),
      api.post('/v1/custom-attributes', { ...definition, inputDefinition: select }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400));
  });

  it('hold no control characters, which texts of several lines may', async () => {
    const refused = await api.post('/v1/tags', { name: 'a\nb' });
    expect([refused.status, refused.body.message]).toEqual([
      400,
      'Invalid value for: body (name must not contain the control character U+000A LINE FEED)',
    ]);
    const { userId } = await createSupportTeam(api);
    const message = { _type: 'Inbound', content: { _type: 'Text', value: 'a\n\tb' } };
    expect((await api.post('/v1/conversations', emailFrom(userId, { message }))).status).toBe(201);
  });

  it.each(['👩‍👩‍👧', 'می‌خواهم', 'क्‍ष', '❤️', 'a\u202eb'])(
    'keep what joins and forms their characters: %s',
    async (name) => {
      expect((await api.post('/v1/tags', { name })).body.data.name).toBe(name);
    },
  );
});

describe('The length of a text', () => {
  it('is that of its code points', async () => {
    const displayName = '😀'.repeat(255);
    const created = await api.post('/v1/endusers', { displayName, externalId: displayName });
    expect([created.status, created.body.data.displayName]).toEqual([201, displayName]);
    expect((await api.post('/v1/endusers', { displayName: `${displayName}a` })).status).toBe(400);
    expect((await api.post('/v1/tags', { name: displayName })).status).toBe(200);
    const path = `/v1/endusers/external/${encodeURIComponent('😁'.repeat(255))}`;
    expect((await api.put(path, { displayName: 'x' })).status).toBe(201);
  });

  it('may grow in what it is compared by without an error', async () => {
    const displayName = '\u0390'.repeat(255);
    expect((await api.post('/v1/tags', { name: displayName })).status).toBe(200);
    expect((await api.post('/v1/endusers', { displayName })).status).toBe(201);
  });
});

describe('E-mail addresses', () => {
  it.each(['\u200b', '\u00ad', '\u202e', '\u2060', '\ufeff', '\t', '\u0007', '\u2800', '\u{E0041}'])(
    'with %j in them are refused, and told which character it is',
    async (character) => {
      const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
      const hidden = { email: `zw${character}a@x.example`, displayName: 'x' };
      const query = encodeURIComponent(hidden.email);
      for (const { status, body } of [
        await api.post('/v1/endusers', hidden),
        await api.post('/v1/endusers', { additionalEmails: [hidden.email] }),
        await api.post('/v1/endusers', { externalId: hidden.email }),
        await api.post('/v1/agents', hidden),
        await api.get(`/v1/endusers?email=${query}`),
        await api.get(`/v1/agents?email=${query}`),
      ]) {
        expect([status, body.message]).toEqual([400, expect.stringContaining(`character U+${code}`)]);
      }
    },
  );

  it.each([
    ['u@müller.example', 'u@xn--mller-kva.example'],
    ['u@xn--mller-kva.example', 'U@MÜLLER.example'],
    ['u@mu\u0308ller.example', 'u@müller.example'],
    ['πελατης@x.example', 'ΠΕΛΑΤΗΣ@X.example'],
    ['"u"@x.example', 'u@x.example'],
  ])('are one mailbox: %s and %s', async (one, other) => {
    for (const path of ['/v1/endusers', '/v1/agents']) {
      const { id } = await api.create(path, { displayName: 'x', email: one });
      const refused = await api.post(path, { displayName: 'x', email: other });
      expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining(id)]);
      expect(await found(`${path.slice(4)}?email=${encodeURIComponent(other)}`)).toEqual([200, [id]]);
      const twice = await api.post(path, { displayName: 'x', email: 'v@x.example', additionalEmails: [one, other] });
      expect([twice.status, twice.body.message]).toEqual([400, expect.stringContaining('twice')]);
    }
  });

  it('show the domain as it was sent, in lower case', async () => {
    const { email } = await api.create('/v1/endusers', { email: ' U@MÜLLER.example ' });
    expect(email).toBe('u@müller.example');
  });

  it.each(['u@x\u3002example', 'u@\uff58.example', 'u@x.example.', 'u\u3000v@x.example', 'u@x/y.example'])(
    'are not written %s',
    async (email) => {
      expect((await api.post('/v1/endusers', { email })).status).toBe(400);
    },
  );
});

describe('Phone numbers', () => {
  it.each([
    ['\u202a+4570123459\u202c', '+4570123459'],
    ['＋45 ７０ 12 34 59', '+4570123459'],
    ['\u200e+45\u00a070\u201112\u201134\u201159\u200f', '+4570123459'],
    ['+٤٥٧٠١٢٣٤٥٩', '+4570123459'],
    ['tel:+45-70-12-34-59', '+4570123459'],
    ['0045 70123459', '+4570123459'],
    ['+4570123459\n', '+4570123459'],
    ['+52 1 55 1234 5678', '+525512345678'],
    ['+5215512345678', '+525512345678'],
    ['+52 55 1234 5678', '+525512345678'],
    ['+54 9 11 2345-6789', '+5491123456789'],
    ['+54 11 15 2345-6789', '+5491123456789'],
  ])('%j is kept and found as %s', async (given, number) => {
    const { id, phoneNumber } = await api.create('/v1/endusers', { phoneNumber: given });
    expect(phoneNumber).toBe(number);
    expect(await found(`endusers?phone=${encodeURIComponent(given)}`)).toEqual([200, [id]]);
    expect(await found(`endusers?phone=${number}`)).toEqual([200, [id]]);
  });

  it.each(['\u202a\u202c', '+4570123459 x5', '+', '++4570123459', '+45 seven'])('are none: %j', async (phoneNumber) => {
    expect((await api.post('/v1/endusers', { phoneNumber })).status).toBe(400);
  });
});

describe('URLs of pictures', () => {
  it.each([
    'https://a_b.example/x.png',
    'https://x.example./x.png',
    'http://localhost:8080/x',
    'https://müller.example/ü?x=1#y',
    'https://[::1]/x',
    'HTTPS://x.example',
  ])('are those that browsers take: %s', async (avatarUrl) => {
    const created = await api.post('/v1/endusers', { avatarUrl });
    expect([created.status, created.body.data?.avatarUrl]).toEqual([201, avatarUrl]);
  });

  it.each([
    ...['javascript:alert(1)', 'ftp://x.example', '//x.example', 'http:x.example', 'http://', 'http:///x', 'http://?x'],
    ...['http://a b', 'http://a\\b', 'http://x.example/a\nb', 'http://x.example/\u200b', 'http://x:99999/', 'http://%'],
    ...['http://256.256.256.256', 'x.example', 'http://x.example/<b>'],
  ])('are no others: %j', async (avatarUrl) => {
    expect((await api.post('/v1/endusers', { avatarUrl })).status).toBe(400);
  });
});
