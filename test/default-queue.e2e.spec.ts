import { type ApiClient } from './support/api-client.js';
import { queueEvents, type StoredEvent } from './support/queue-events.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const REQUIRED = { name: 'Support', callFunctionality: true, isDefault: false, isDoNotOfferEnabled: true };
const queues = async (api: ApiClient) =>
  (await api.get('/v1/queues')).body.data as { id: string; name: string; isDefault: boolean }[];
const defaults = async (api: ApiClient) => (await queues(api)).filter(({ isDefault }) => isDefault).map(({ id }) => id);

/** What the events say of each queue that exists: whether it is the default. */
function folded(events: StoredEvent[]): Record<string, boolean> {
  const isDefault = new Map<string, boolean>();
  for (const { type, data } of events) {
    const { id, changes } = data as { id: string; changes?: { isDefault?: boolean } };
    if (type === 'QueueCreated') isDefault.set(id, data.isDefault === true);
    if (type === 'QueueUpdated') isDefault.set(id, changes?.isDefault ?? isDefault.get(id) === true);
    if (type === 'QueueDeleted') isDefault.delete(id);
  }
  return Object.fromEntries(isDefault);
}

describe('The default queue', () => {
  it('gives way to one that is created as the default', async () => {
    const api = await app.createTestOrganization();
    const first = await api.createQueue({ isDefault: true });
    const second = await api.createQueue({ isDefault: true });
    expect(await defaults(api)).toEqual([second]);
    expect((await queueEvents(app, api)).slice(1)).toMatchObject([
      { stream: `queue-${first}`, version: 2, type: 'QueueUpdated', data: { changes: { isDefault: false } } },
      { stream: `queue-${second}`, version: 1, type: 'QueueCreated', data: { isDefault: true } },
    ]);
  });

  it('gives way to one that is made the default, and ceases to be it without another', async () => {
    const api = await app.createTestOrganization();
    const [first, second] = [await api.createQueue({ isDefault: true }), await api.createQueue()];
    expect((await api.patch(`/v1/queues/${second}`, { isDefault: true })).body.data.isDefault).toBe(true);
    expect(await defaults(api)).toEqual([second]);
    expect((await api.patch(`/v1/queues/${first}`, { isDefault: true, name: 'again' })).status).toBe(200);
    expect(await defaults(api)).toEqual([first]);
    expect((await api.patch(`/v1/queues/${first}`, { isDefault: false })).status).toBe(200);
    expect(await defaults(api)).toEqual([]);
  });

  it('is not deleted while it is the default', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue({ isDefault: true });
    const answer = await api.delete(`/v1/queues/${id}`);
    expect(answer.status).toBe(409);
    expect(answer.body.message).toContain('is the default queue');
    expect(await defaults(api)).toEqual([id]);
    await api.createQueue({ isDefault: true });
    expect((await api.delete(`/v1/queues/${id}`)).status).toBe(204);
  });

  it('is another in each organization', async () => {
    const [one, other] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const ids = [await one.createQueue({ isDefault: true }), await other.createQueue({ isDefault: true })];
    expect([await defaults(one), await defaults(other)]).toEqual([[ids[0]], [ids[1]]]);
  });

  it.each([false, true])('is one after many were created at once (with one before: %s)', async (before) => {
    const api = await app.createTestOrganization();
    if (before) await api.createQueue({ isDefault: true });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        api.post('/v1/queues', { request: { ...REQUIRED, name: `${n}`, isDefault: true } }),
      ),
    );
    const created = answers.filter(({ status }) => status === 201);
    expect(created.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    expect(await queues(api)).toHaveLength(created.length + Number(before));
    expect(await defaults(api)).toHaveLength(1);
    const rows = Object.fromEntries((await queues(api)).map(({ id, isDefault }) => [id, isDefault]));
    expect(folded(await queueEvents(app, api))).toEqual(rows);
  });

  it('is at most one after it was changed, taken away and deleted at once', async () => {
    const api = await app.createTestOrganization();
    const ids = await Promise.all(Array.from({ length: 4 }, () => api.createQueue()));
    const answers = await Promise.all(
      ids.flatMap((id) => [
        api.patch(`/v1/queues/${id}`, { isDefault: true }),
        api.patch(`/v1/queues/${id}`, { isDefault: false }),
        api.delete(`/v1/queues/${id}`),
      ]),
    );
    expect(answers.filter(({ status }) => ![200, 204, 404, 409].includes(status))).toEqual([]);
    expect((await defaults(api)).length).toBeLessThanOrEqual(1);
    const rows = Object.fromEntries((await queues(api)).map(({ id, isDefault }) => [id, isDefault]));
    expect(folded(await queueEvents(app, api))).toEqual(rows);
  });
});
