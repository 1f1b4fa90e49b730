import { randomUUID } from 'node:crypto';
import { createEndUser, eventsOf, getEndUser, TEXT } from './support/end-users.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const SELECT = {
  entityType: 'Contact',
  identifier: 'tier',
  label: 'Tier',
  inputDefinition: {
    _type: 'Select',
    options: [{ label: 'Business', value: 'business', nestedOptions: [{ label: 'Gold', value: 'gold' }] }],
  },
};

describe('Custom attributes of an end user', () => {
  async function setUp() {
    const api = await app.createTestOrganization();
    const [text, select, foreign] = await Promise.all(
      [TEXT, SELECT, { ...TEXT, entityType: 'Conversation' }].map((body) => api.create('/v1/custom-attributes', body)),
    );
    const { id } = await createEndUser(api, { displayName: 'Alice' });
    return {
      api,
      id,
      text,
      select,
      foreign,
      patch: (body?: unknown) => api.patch(`/v1/endusers/${id}/custom-attributes`, body),
    };
  }

  it('are set, changed and cleared, with an event for each change only', async () => {
    const { api, id, text, select, patch } = await setUp();
    const plan = (value: string) => ({ id: text.id, name: 'Plan', identifier: 'plan', value });
    const tier = { id: select.id, name: 'Tier', identifier: 'tier', value: ['business', 'gold'] };
    const set = await patch({ [text.id.toUpperCase()]: 'Füße', [select.id]: ['business', 'gold'] });
    expect(set.status).toBe(200);
    expect(set.body.data).toHaveLength(2);
    expect(set.body.data).toEqual(expect.arrayContaining([plan('Füße'), tier]));
    expect((await getEndUser(api, id)).customAttributes).toEqual(set.body.data);
    expect((await patch({ [text.id]: 'Füße' })).body).toEqual(set.body);
    expect((await patch({})).body).toEqual(set.body);
    expect((await patch({ [text.id]: null })).body.data).toEqual([tier]);
    expect((await patch({ [text.id]: null })).body.data).toEqual([tier]);
    expect((await api.patch(`/v1/endusers/${id}`, { firstName: 'x' })).body.data.customAttributes).toEqual([tier]);
    expect((await api.put(`/v1/endusers/${id}`, { displayName: 'x' })).body.data.customAttributes).toEqual([tier]);
    expect((await api.get('/v1/endusers')).body.data[0]).not.toHaveProperty('customAttributes');
    expect(await eventsOf(app, id)).toEqual([
      ...['EndUserCreated', 'EndUserCustomAttributesUpdated', 'EndUserCustomAttributesUpdated'],
      ...['EndUserUpdated', 'EndUserUpdated'],
    ]);
  });

  it('are still shown once the attribute is archived, and take no values then', async () => {
    const { api, id, text, select, patch } = await setUp();
    await patch({ [text.id]: 'old' });
    await api.patch(`/v1/custom-attributes/${text.id}`, { label: 'Old plan' });
    await api.patch(`/v1/custom-attributes/${text.id}/archive`);
    const shown = [{ id: text.id, name: 'Old plan', identifier: 'plan', value: 'old' }];
    expect((await getEndUser(api, id)).customAttributes).toEqual(shown);
    for (const value of ['new', null]) {
      const answer = await patch({ [text.id]: value, [select.id]: ['business', 'gold'] });
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain(`${text.id} must not be archived`);
    }
    expect((await getEndUser(api, id)).customAttributes).toEqual(shown);
    await api.patch(`/v1/custom-attributes/${select.id}`, { isDeactivated: true });
    expect((await patch({ [select.id]: ['business', 'gold'] })).body.message).toContain('must not be deactivated');
    await api.patch(`/v1/custom-attributes/${select.id}`, { isDeactivated: false });
    expect((await patch({ [select.id]: ['business', 'gold'] })).status).toBe(200);
  });

  it('are refused as a whole when one is faulty', async () => {
    const { id, text, select, foreign, patch } = await setUp();
    const stranger = await (await app.createTestOrganization()).create('/v1/custom-attributes', TEXT);
    for (const wrong of [
      { [randomUUID()]: 'x' },
      { x: 'x' },
      { [foreign.id]: 'x' },
      { [stranger.id]: 'x' },
      { [text.id]: 5 },
      { [text.id]: true },
      { [text.id]: {} },
      { [text.id]: [] },
      { [text.id]: '' },
      { [text.id]: 'a\0b' },
      { [text.id]: 'x'.repeat(4097) },
      { [select.id]: 'business' },
      { [select.id]: [] },
      { [select.id]: ['business'] },
      { [select.id]: ['gold'] },
      { [select.id]: ['business', 'gold', 'gold'] },
      { [select.id]: ['business', 5] },
      { [select.id]: { 0: 'business' } },
      Object.fromEntries(Array.from({ length: 101 }, () => [randomUUID(), null])),
    ]) {
      const answer = await patch({ [text.id]: 'right', ...wrong });
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('Invalid value for: body');
      expect(answer.body.faults.length).toBeGreaterThan(0);
    }
    for (const body of [undefined, '', 'null', '[]', '"x"', '5', '{']) expect((await patch(body)).status).toBe(400);
    expect(await eventsOf(app, id)).toEqual(['EndUserCreated']);
  });
});
