import { randomUUID } from 'node:crypto';
import { type ApiClient } from './support/api-client.js';
import { queueEvents, type StoredEvent } from './support/queue-events.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const REPEATED = 'abcdefab-0000-4000-8000-000000000000';
const members = async (api: ApiClient, id: string) =>
  ((await api.get(`/v1/queues/${id}/members`)).body.data as { agentId: string }[]).map(({ agentId }) => agentId);
const agentsOf = async (api: ApiClient, count: number) =>
  (await Promise.all(Array.from({ length: count }, () => api.createAgent()))).map(({ id }) => id).sort();
const success = (id?: string) => ({ _type: 'BulkActionSuccess', data: id });
const failure = (_type: string, id: string, message: string) => ({
  _type: 'BulkActionFailure',
  error: { _type, id, message },
});

/** Who is a member by what the events say. */
function membersByEvents(events: StoredEvent[]): string[] {
  const ids = new Set<string>();
  for (const { type, data } of events) {
    for (const agentId of (data.agentIds as string[] | undefined) ?? []) {
      // An assignment of a member or a removal of another would be an event that says nothing.
      expect(ids.has(agentId)).toBe(type === 'QueueMembersRemoved');
      if (type === 'QueueMembersAssigned') ids.add(agentId);
      else ids.delete(agentId);
    }
  }
  return [...ids].sort();
}

describe('Members of a queue', () => {
  it('are assigned and removed', async () => {
    const api = await app.createTestOrganization();
    const [queue, other] = [await api.createQueue(), await api.createQueue()];
    const [anna, ben, carl] = (await agentsOf(api, 3)) as [string, string, string];
    expect((await api.get(`/v1/queues/${queue}/members`)).body).toEqual({ data: [] });
    const answer = await api.patch(`/v1/queues/${queue}/members`, { agentIds: [ben.toUpperCase(), anna, carl] });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ data: [success(ben), success(anna), success(carl)] });
    expect((await api.get(`/v1/queues/${queue}/members`)).body.data).toEqual([
      { agentId: anna },
      { agentId: ben },
      { agentId: carl },
    ]);
    const removal = await api.delete(`/v1/queues/${queue}/members`, { agentIds: [carl, anna] });
    expect([removal.status, removal.body]).toEqual([204, '']);
    expect(await members(api, queue)).toEqual([ben]);
    expect(await members(api, other)).toEqual([]);
  });

  it('leave an event for what really changes alone', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const [anna, ben] = (await agentsOf(api, 2)) as [string, string];
    await api.patch(`/v1/queues/${id}/members`, { agentIds: [anna] });
    const again = await api.patch(`/v1/queues/${id}/members`, { agentIds: [anna] });
    expect(again.body.data).toEqual([success(anna)]);
    await api.patch(`/v1/queues/${id}/members`, { agentIds: [ben, anna] });
    for (let i = 0; i < 2; i++) await api.delete(`/v1/queues/${id}/members`, { agentIds: [anna] });
    expect((await queueEvents(app, api)).slice(1).map(({ type, data }) => [type, data])).toEqual([
      ['QueueMembersAssigned', { id, agentIds: [anna] }],
      ['QueueMembersAssigned', { id, agentIds: [ben] }],
      ['QueueMembersRemoved', { id, agentIds: [anna] }],
    ]);
  });

  it('become those whom there are, whoever else is named with them', async () => {
    const [api, foreign] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const id = await api.createQueue();
    const [anna, ben] = (await agentsOf(api, 2)) as [string, string];
    const [stranger, nobody] = [(await foreign.createAgent()).id, randomUUID()];
    const answer = await api.patch(`/v1/queues/${id}/members`, { agentIds: [stranger, anna, nobody, ben] });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual([
      failure('NotFound', stranger, 'User not found'),
      success(anna),
      failure('NotFound', nobody, 'User not found'),
      success(ben),
    ]);
    expect(await members(api, id)).toEqual([anna, ben]);
    const none = await api.patch(`/v1/queues/${id}/members`, { agentIds: [nobody] });
    expect([none.status, none.body.data]).toEqual([200, [failure('NotFound', nobody, 'User not found')]]);
    expect(await queueEvents(app, api)).toHaveLength(2);
  });

  it('are at most ten a request, and as many as one likes in the end', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const ids = await agentsOf(api, 12);
    expect((await api.patch(`/v1/queues/${id}/members`, { agentIds: ids.slice(0, 10) })).status).toBe(200);
    expect((await api.patch(`/v1/queues/${id}/members`, { agentIds: ids.slice(10) })).status).toBe(200);
    expect(await members(api, id)).toEqual(ids);
    expect((await api.delete(`/v1/queues/${id}/members`, { agentIds: ids.slice(0, 10) })).status).toBe(204);
    expect(await members(api, id)).toEqual(ids.slice(10));
  });

  it.each<[unknown, string]>([
    [{}, 'agentIds must be an array'],
    [{ agentIds: null }, 'agentIds must be an array'],
    [{ agentIds: randomUUID() }, 'agentIds must be an array'],
    [{ agentIds: {} }, 'agentIds must be an array'],
    [{ agentIds: [] }, 'agentIds must have at least 1 items'],
    [{ agentIds: Array.from({ length: 11 }, () => randomUUID()) }, 'agentIds must have at most 10 items'],
    [{ agentIds: ['1'] }, 'agentIds [0] must be a UUID'],
    [{ agentIds: [randomUUID(), null] }, 'agentIds [1] must be a string'],
    [{ agentIds: [5] }, 'agentIds [0] must be a string'],
    [{ agentIds: [REPEATED, REPEATED.toUpperCase()] }, 'agentIds must not contain a value twice'],
    [{ agentId: [randomUUID()] }, 'agentIds must be an array'],
    [[randomUUID()], 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    ['', 'must be a JSON object'],
    [undefined, 'must be a JSON object'],
  ])('neither come nor go by %j', async (body, reason) => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const [anna] = (await agentsOf(api, 1)) as [string];
    await api.patch(`/v1/queues/${id}/members`, { agentIds: [anna] });
    for (const method of ['PATCH', 'DELETE']) {
      const answer = await api.send(method, `/v1/queues/${id}/members`, body);
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('Invalid value for: body');
      expect(answer.body.message).toContain(reason);
    }
    expect(await members(api, id)).toEqual([anna]);
    expect(await queueEvents(app, api)).toHaveLength(2);
  });

  it('assigned and removed at once are those whom the events say', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const agentIds = await agentsOf(api, 3);
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) => {
        const body = { agentIds: [agentIds[n % 3]] };
        return n % 2 ? api.delete(`/v1/queues/${id}/members`, body) : api.patch(`/v1/queues/${id}/members`, body);
      }),
    );
    expect(answers.filter(({ status }) => ![200, 204, 409].includes(status))).toEqual([]);
    expect(await members(api, id)).toEqual(membersByEvents(await queueEvents(app, api)));
  });

  it('are none once the queue is deleted, even if some come at that moment', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const agentIds = await agentsOf(api, 6);
    const [deletion, ...assignments] = await Promise.all([
      api.delete(`/v1/queues/${id}`),
      ...agentIds.map((agentId) => api.patch(`/v1/queues/${id}/members`, { agentIds: [agentId] })),
    ]);
    expect([204, 409]).toContain(deletion.status);
    expect(assignments.filter(({ status }) => ![200, 404, 409].includes(status))).toEqual([]);
    await api.delete(`/v1/queues/${id}`);
    expect(await app.database.sql('SELECT FROM queue_members WHERE queue_id = $1', [id])).toEqual([]);
    expect((await api.get(`/v1/queues/${id}/members`)).status).toBe(404);
  });
});
