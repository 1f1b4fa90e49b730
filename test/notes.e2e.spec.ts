import { randomUUID } from 'node:crypto';
import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { type ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let team: SupportTeam;
let path: string;
let id: number;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
  team = await createSupportTeam(api);
  id = (await api.create('/v1/conversations', emailFrom(team.userId))).id;
  path = `/v1/conversations/${id}/notes`;
});

const notes = async () => (await api.get(path)).body.data;

describe('A note of a conversation', () => {
  it('is added by an agent, and listed', async () => {
    expect(await notes()).toEqual([]);
    const answer = await api.post(path, { message: 'She called, too.', agentId: team.agentId });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({
      id: expect.any(String),
      authorId: team.agentId,
      createdAt: expect.stringMatching(/Z$/),
      csid: id,
      message: 'She called, too.',
    });
    expect(await notes()).toEqual([answer.body.data]);
  });

  it('is by the agent on whose behalf the token acts, unless another one is named', async () => {
    expect((await api.create(path, { message: 'x' })).authorId).toBe(api.actorId);
    expect((await api.create(path, { message: 'x', agentId: null })).authorId).toBe(api.actorId);
  });

  it('is listed by the time at which it was written, also when it was imported later', async () => {
    await api.create(path, { message: 'second' });
    const imported = await api.create(path, { message: 'first', createdAt: '2020-01-02T03:04:05+01:00' });
    expect(imported.createdAt).toBe('2020-01-02T02:04:05.000Z');
    expect((await notes()).map(({ message }: { message: string }) => message)).toEqual(['first', 'second']);
  });

  it('can be added in any state, and changes none', async () => {
    const before = await api.get(`/v1/conversations/${id}`);
    await api.put(`/v1/conversations/${id}/close`, {});
    await api.create(path, { message: 'Closed by mistake?' });
    const { body } = await api.get(`/v1/conversations/${id}`);
    expect(body.data).toMatchObject({ state: 'Closed', requesterId: before.body.data.requesterId });
  });

  it.each([
    [{}, 400, 'message must be a string'],
    [{ message: ' ' }, 400, 'message must not be empty'],
    [{ message: 'x'.repeat(100_001) }, 400, 'message must have at most 100000 characters'],
    [{ message: 'x', createdAt: '2999-01-01T00:00:00Z' }, 400, 'createdAt must not be in the future'],
    [{ message: 'x', createdAt: 'yesterday' }, 400, 'createdAt must be an instant'],
    [{ message: 'x', agentId: 'x' }, 400, 'agentId must be a UUID'],
    [{ message: 'x', agentId: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a' }, 404, 'Agent 01980f5e-8f4c-7c21-9d3a-'],
  ])('is refused as %.60j', async (body, status, reason) => {
    const answer = await api.post(path, body);
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(reason)]);
    expect(await notes()).toEqual([]);
  });

  it('is one of at most 1,000', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ message: `note ${index}` }));
    const { body } = await api.post(`${path}/bulk`, { data: many });
    expect(body.data).toHaveLength(1_000);
    const answer = await api.post(path, { message: 'x' });
    expect([answer.status, answer.body.message]).toEqual([
      409,
      `Conversation ${id} can have at most 1,000 notes; it has 1,000`,
    ]);
    expect(await notes()).toHaveLength(1_000);
  });

  it('is gone when its conversation is anonymized, and none is added then', async () => {
    await api.create(path, { message: 'Her card ends with 4242' });
    await api.patch(`/v1/conversations/${id}/anonymize?force=true`);
    expect((await api.post(path, { message: 'x' })).status).toBe(409);
    const { organizationId, actorId } = api;
    const context = { organizationId, actorId };
    await app.runtime.store.handle(conversationStream, String(id), context, { type: 'AnonymizeConversation', id });
    expect(await notes()).toEqual([]);
    const { body } = await api.get(`/v1/conversations/${id}/history`);
    expect(JSON.stringify(body.data)).not.toContain('4242');
    expect(body.data.find(({ type }: { type: string }) => type === 'ConversationNoteAdded')).toMatchObject({
      redacted: true,
    });
    expect((await api.post(path, { message: 'x' })).status).toBe(409);
  });

  it('of a conversation of another organization is not found', async () => {
    const stranger = await app.createTestOrganization();
    expect((await stranger.get(path)).status).toBe(404);
    expect((await stranger.post(path, { message: 'x' })).status).toBe(404);
    expect((await stranger.post(`${path}/bulk`, { data: [{ message: 'x' }] })).status).toBe(404);
    expect((await api.get('/v1/conversations/999999/notes')).status).toBe(404);
  });

  it('is in the history of its conversation, without which no reader learns its text', async () => {
    await api.create(path, { message: 'She called, too.' });
    const { body } = await api.get(`/v1/conversations/${id}/history`);
    expect(body.data[0]).toMatchObject({ type: 'ConversationNoteAdded', data: { message: 'She called, too.' } });
    const [event] = await app.database.sql<{ data: object }>(
      `SELECT data FROM events WHERE organization_id = $1 AND type = 'ConversationNoteAdded'`,
      [api.organizationId],
    );
    expect(JSON.stringify(event)).not.toContain('called');
  });
});

describe('Notes in bulk', () => {
  it('are added each by itself', async () => {
    const unknown = randomUUID();
    const { status, body } = await api.post(`${path}/bulk`, {
      data: [
        { message: 'one', agentId: team.agentId },
        { message: '' },
        { message: 'two', agentId: unknown },
        { message: 'three', createdAt: '2999-01-01T00:00:00Z' },
        { message: 'four' },
      ],
    });
    expect(status).toBe(200);
    const failure = (message: string) => ({
      _type: 'BulkActionFailure',
      error: expect.objectContaining({ message: expect.stringContaining(message) }),
    });
    expect(body.data).toEqual([
      { _type: 'BulkActionSuccess', data: expect.objectContaining({ message: 'one', authorId: team.agentId }) },
      failure('message must not be empty'),
      failure(`Agent ${unknown} could not be found`),
      failure('createdAt must not be in the future'),
      { _type: 'BulkActionSuccess', data: expect.objectContaining({ message: 'four' }) },
    ]);
    expect((await notes()).map(({ message }: { message: string }) => message)).toEqual(['one', 'four']);
  });
});
