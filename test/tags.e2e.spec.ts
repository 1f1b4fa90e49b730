import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('Tags', () => {
  it('are created active and can be read back', async () => {
    const api = await app.createTestOrganization();
    const created = await api.post('/v1/tags', { name: '  VIP ', color: '#ff8800' });
    expect(created.status).toBe(200);
    expect(created.body).toEqual({ data: { id: expect.any(String), name: 'VIP', color: '#ff8800', state: 'Active' } });
    expect((await api.get(`/v1/tags/${created.body.data.id}`)).body).toEqual(created.body);
  });

  it('have names in any script', async () => {
    const api = await app.createTestOrganization();
    for (const name of ['Füße', '重要', 'мир', '👩‍👩‍👧', 'שלום', "O'Brien; DROP TABLE tags"]) {
      const id = await api.createTag(name);
      expect((await api.get(`/v1/tags/${id}`)).body.data.name).toBe(name);
    }
  });

  it('leave out the color when they have none', async () => {
    const api = await app.createTestOrganization();
    const { body } = await api.post('/v1/tags', { name: 'plain' });
    expect(body.data).not.toHaveProperty('color');
  });

  it('with a name that exists are answered as they are, without regard to case and outer space', async () => {
    const api = await app.createTestOrganization();
    const first = await api.post('/v1/tags', { name: 'VIP', color: 'red' });
    const second = await api.post('/v1/tags', { name: ' vip', color: 'blue' });
    expect(second.status).toBe(200);
    expect(second.body).toEqual(first.body);
    expect((await api.get('/v1/tags')).body.data).toHaveLength(1);
  });

  it('of the same name created at once are one tag, which every caller gets', async () => {
    const api = await app.createTestOrganization();
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.post('/v1/tags', { name: 'race' })));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
    const [{ count }] = (await app.database.sql(
      `SELECT count(*)::int FROM events WHERE organization_id = $1 AND type = 'TagCreated'`,
      [api.organizationId],
    )) as [{ count: number }];
    expect(count).toBe(1);
  });

  it('are deactivated and activated any number of times, with an event for each change only', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createTag('VIP');
    for (const action of ['deactivate', 'deactivate', 'activate', 'activate']) {
      const answer = await api.patch(`/v1/tags/${id}/${action}`);
      expect(answer.status).toBe(204);
      expect(answer.body).toBe('');
      expect((await api.get(`/v1/tags/${id}`)).body.data.state).toBe(action === 'activate' ? 'Active' : 'Inactive');
    }
    const events = await app.database.sql(`SELECT type, version FROM events WHERE stream = $1 ORDER BY version`, [
      `tag-${id}`,
    ]);
    expect(events).toEqual([
      { type: 'TagCreated', version: 1 },
      { type: 'TagDeactivated', version: 2 },
      { type: 'TagActivated', version: 3 },
    ]);
  });

  it('are listed by name, inactive ones too unless they are left out', async () => {
    const api = await app.createTestOrganization();
    const gone = await api.createTag('a gone');
    await api.createTag('b here');
    await api.patch(`/v1/tags/${gone}/deactivate`);
    const names = async (query: string) =>
      (await api.get(`/v1/tags${query}`)).body.data.map((tag: { name: string }) => tag.name);
    expect(await names('')).toEqual(['a gone', 'b here']);
    expect(await names('?includeDeactivated=true&unknown=1')).toEqual(['a gone', 'b here']);
    expect(await names('?includeDeactivated=false')).toEqual(['b here']);
  });

  it('are removed for good, and their names are free', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createTag('VIP');
    expect((await api.delete(`/v1/tags/${id}`)).status).toBe(204);
    expect((await api.delete(`/v1/tags/${id}`)).status).toBe(404);
    expect((await api.get(`/v1/tags/${id}`)).status).toBe(404);
    expect((await api.patch(`/v1/tags/${id}/activate`)).status).toBe(404);
    expect(await api.createTag('VIP')).not.toBe(id);
  });

  it('are created or found, also while others remove the one that has the name', async () => {
    const api = await app.createTestOrganization();
    const createAndRemove = async () => {
      for (let round = 0; round < 25; round++) await api.delete(`/v1/tags/${await api.createTag('VIP')}`);
    };
    await Promise.all(Array.from({ length: 8 }, createAndRemove));
    expect((await api.get('/v1/tags')).body).toEqual({ data: [] });
  });

  it('of another organization do not exist', async () => {
    const [owner, stranger] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const id = await owner.createTag('secret');
    expect((await stranger.get('/v1/tags')).body).toEqual({ data: [] });
    const unknown = randomUUID();
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', '/activate'],
      ['PATCH', '/deactivate'],
      ['DELETE', ''],
    ] as const) {
      const foreign = await stranger.send(method, `/v1/tags/${id}${path}`);
      const missing = await stranger.send(method, `/v1/tags/${unknown}${path}`);
      expect(foreign.status).toBe(404);
      expect(foreign.body.message.replace(id, '')).toBe(missing.body.message.replace(unknown, ''));
    }
    expect((await owner.get(`/v1/tags/${id}`)).body.data.state).toBe('Active');
  });

  it.each([
    [{}, 'name must be a string'],
    [{ name: null }, 'name must be a string'],
    [{ name: 5 }, 'name must be a string'],
    [{ name: '' }, 'name must not be empty'],
    [{ name: '   ' }, 'name must not be empty'],
    [{ name: 'x'.repeat(256) }, 'name must have at most 255 characters'],
    [{ name: 'a\0b' }, 'name must not contain NUL characters'],
    ['{"name": "\\ud800"}', 'name must not contain NUL characters or lone surrogates'],
    [{ name: 'x', color: null }, 'color must be a string'],
    [{ name: 'x', color: '' }, 'color must not be empty'],
    [[], 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    ['"text"', 'must be a JSON object'],
    ['{"name": ', 'malformed JSON: Unexpected end of JSON input'],
    ['{"__proto__": {"name": "x"}}', 'must not contain keys __proto__'],
    ['', 'must be a JSON object'],
  ])('are not created from %j', async (body, reason) => {
    const api = await app.createTestOrganization();
    const answer = await api.post('/v1/tags', body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('Invalid value for: body');
    expect(answer.body.message).toContain(reason);
    expect((await api.get('/v1/tags')).body.data).toEqual([]);
  });

  it('have a UUID', async () => {
    const api = await app.createTestOrganization();
    const answer = await api.get('/v1/tags/1');
    expect(answer.status).toBe(400);
    expect(answer.body.message).toBe('Invalid value for: path parameter tagId (must be a UUID)');
  });

  it('are not listed by a malformed filter', async () => {
    const api = await app.createTestOrganization();
    const answer = await api.get('/v1/tags?includeDeactivated=perhaps');
    expect(answer.status).toBe(400);
    expect(answer.body.message).toBe('Invalid value for: query parameter includeDeactivated (must be true or false)');
  });
});
