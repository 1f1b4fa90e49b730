import { type ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let path: string;
let id: number;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
  const { userId } = await createSupportTeam(api);
  id = (await api.create('/v1/conversations', emailFrom(userId))).id;
  path = `/v1/conversations/${id}/tags`;
});

const names = (data: { name: string }[]) => data.map(({ name }) => name);
const tagsOf = async () => names((await api.get(path)).body.data);
/** All tags but the one of the support team. */
const allTags = async () => names((await api.get('/v1/tags')).body.data).filter((name) => name !== 'VIP');
const bulk = (...tags: unknown[]) => api.post(`${path}/bulk`, { data: tags.map((name) => ({ name })) });

describe('Tags in bulk', () => {
  it('are put on the conversation by their names, and are created where there are none', async () => {
    const { id: gold } = await api.create('/v1/tags', { name: 'Gold', color: '#ff8800' });
    const { status, body } = await bulk('gold', ' Returns ');
    expect(status).toBe(200);
    expect(body.data).toEqual([
      { _type: 'BulkActionSuccess', data: { id: gold, name: 'Gold', color: '#ff8800', state: 'Active' } },
      { _type: 'BulkActionSuccess', data: { id: expect.any(String), name: 'Returns', state: 'Active' } },
    ]);
    expect(await tagsOf()).toEqual(['Gold', 'Returns']);
    expect(await allTags()).toEqual(['Gold', 'Returns']);
  });

  it('fail each by itself', async () => {
    const { id: old } = await api.create('/v1/tags', { name: 'Old' });
    await api.patch(`/v1/tags/${old}/deactivate`);
    const { body } = await bulk('New', 'old', '', 7);
    const failure = (message: string) => ({
      _type: 'BulkActionFailure',
      error: expect.objectContaining({ message: expect.stringContaining(message) }),
    });
    expect(body.data).toEqual([
      { _type: 'BulkActionSuccess', data: expect.objectContaining({ name: 'New' }) },
      failure('Tag Old is inactive and cannot be put on conversations'),
      failure('name must not be empty'),
      failure('name must be a string'),
    ]);
    expect(await tagsOf()).toEqual(['New']);
  });

  it('change nothing when they are repeated, or named twice', async () => {
    const first = await bulk('Gold', 'GOLD', 'go\u200dld');
    const [one, ...others] = first.body.data;
    expect(others).toEqual([one, one]);
    const { body: before } = await api.get(`/v1/conversations/${id}/history`);
    expect((await bulk('Gold')).body.data).toEqual([one]);
    const { body: after } = await api.get(`/v1/conversations/${id}/history`);
    expect(after.data).toEqual(before.data);
  });

  it('are created once by requests at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => bulk('Spring', 'Summer')));
    const outcomes = answers.map(({ status, body }) => [status, body.data]);
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(await tagsOf()).toEqual(['Spring', 'Summer']);
    expect(await allTags()).toEqual(['Spring', 'Summer']);
  });

  it('are at most 200 on a conversation; the others are refused, and not created', async () => {
    const { body } = await bulk(...Array.from({ length: 201 }, (_, index) => `tag ${index}`));
    expect(body.data.at(-1).error.message).toBe(`Conversation ${id} can have at most 200 tags; it has 200`);
    expect(await tagsOf()).toHaveLength(200);
    expect(await allTags()).toHaveLength(200);
  });

  it('are created only by a token that may write tags', async () => {
    await api.create('/v1/tags', { name: 'Gold' });
    const limited = await app.clientWith(['conversations:write'], api);
    const { body } = await limited.post(`${path}/bulk`, { data: [{ name: 'gold' }, { name: 'New' }] });
    expect(body.data).toEqual([
      { _type: 'BulkActionSuccess', data: expect.objectContaining({ name: 'Gold' }) },
      {
        _type: 'BulkActionFailure',
        error: {
          _type: 'ErrorResponse',
          message: 'Tag New could not be found; creating it requires a token with the scope tags:write',
        },
      },
    ]);
    expect(await allTags()).toEqual(['Gold']);
  });

  it('create none for a conversation that does not exist', async () => {
    const stranger = await app.createTestOrganization();
    const answer = await stranger.post(`${path}/bulk`, { data: [{ name: 'Gold' }] });
    expect(answer.status).toBe(404);
    expect((await stranger.get('/v1/tags')).body.data).toEqual([]);
  });
});
