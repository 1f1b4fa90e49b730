import { recoveryStream } from '#libs/webhooks/recovery/recovery.stream.js';
import { type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const URL = 'http://127.0.0.1:9/hook';
const ABSENT = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const since = '2026-01-01T00:00:00.000Z';
const until = '2026-01-02T00:00:00.000Z';

let app: TestApp;
let api: ApiClient;
let path: string;
beforeAll(async () => {
  app = await startTestApp({ env: { WEBHOOK_DELIVERY_RETENTION_DAYS: '3650' } });
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
  path = `/v1/webhooks/${(await api.subscribe(URL, ['TagCreated'])).id}`;
});

const recover = (body: object) => api.post(`${path}/recover`, body);
const recovered = async (body: object) => (await recover(body)).body.data as { id: string } & Record<string, unknown>;

/** What the worker does once it has looked at everything. */
async function finish(id: string): Promise<void> {
  const context = { organizationId: api.organizationId, actorId: api.actorId };
  const command = { type: 'FinishRecovery', id, examined: 40, queued: 2 } as const;
  await app.runtime.store.handle(recoveryStream, id, context, command);
}

describe('A recovery of webhook deliveries', () => {
  it('is accepted, and shown under its id', async () => {
    const accepted = await recover({ since, until, onlyMissing: false });
    expect(accepted.status).toBe(202);
    expect(accepted.body.data).toEqual({
      id: expect.any(String),
      since,
      until,
      onlyMissing: false,
      state: 'running',
      examined: 0,
      queued: 0,
      requestedAt: expect.stringMatching(/Z$/),
      requestedBy: api.actorId,
    });
    expect((await api.get(`${path}/recoveries/${accepted.body.data.id}`)).body).toEqual(accepted.body);
  });

  it('reaches to the moment of the request, and leaves out what was delivered, unless told', async () => {
    const { until: end, requestedAt, onlyMissing } = await recovered({ since });
    expect(end).toBe(requestedAt);
    expect(onlyMissing).toBe(true);
  });

  it('takes instants of any zone', async () => {
    const { id } = await recovered({ since, until });
    const elsewhere = { since: '2026-01-01T02:00:00+02:00', until: '2026-01-01T19:00:00.000000-05:00' };
    expect(await recovered(elsewhere)).toMatchObject({ id, since, until });
    const eastern = await recovered({ since: '2026-01-02T01:00:00+02:00', until: '2026-01-02T00:00:00.0009Z' });
    expect(eastern).toMatchObject({ since: '2026-01-01T23:00:00.000Z', until });
  });

  it.each([{ since }, { since, until }, { since, until, onlyMissing: false }])(
    'that runs answers who asks for the same again: %j',
    async (body) => {
      const first = await recovered(body);
      const others = [
        { ...body, since: '2026-01-01T00:00:00.001Z' },
        { ...body, until: '2026-01-01T12:00:00Z' },
        { ...body, onlyMissing: !(body.onlyMissing ?? true) },
      ];
      for (const other of others) expect((await recovered(other)).id).not.toBe(first.id);
      expect(await recovered(body)).toEqual(first);
      await finish(first.id);
      expect((await recovered(body)).id).not.toBe(first.id);
    },
  );

  it('begins once, however many ask for it at the same time', async () => {
    // With as many connections to the database open as there will be.
    await Promise.all(Array.from({ length: 12 }, () => api.get(`${path}/recoveries`)));
    const asked = await Promise.all(Array.from({ length: 12 }, () => recovered({ since })));
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    expect((await api.get(`${path}/recoveries`)).body.data).toHaveLength(1);
  });

  it('shows how far it has come, and that it is finished', async () => {
    const { id } = await recovered({ since });
    await app.database.sql(
      `INSERT INTO webhook_recovery_progress (organization_id, recovery_id, position, last_position, examined, queued)
       VALUES ($1, $2, 10, 100, 40, 2)`,
      [api.organizationId, id],
    );
    const get = async () => (await api.get(`${path}/recoveries/${id}`)).body.data;
    expect(await get()).toMatchObject({ state: 'running', examined: 40, queued: 2 });
    await finish(id);
    expect(await get()).toMatchObject({
      state: 'finished',
      examined: 40,
      queued: 2,
      finishedAt: expect.stringMatching(/Z$/),
    });
  });

  it('is listed with the others of its subscription, newest first', async () => {
    const other = await api.subscribe(URL, []);
    await api.post(`/v1/webhooks/${other.id}/recover`, { since });
    expect((await api.get(`${path}/recoveries`)).body).toEqual({ data: [] });
    const ids = [(await recovered({ since, until })).id, (await recovered({ since })).id];
    const { data } = (await api.get(`${path}/recoveries`)).body;
    expect(data.map(({ id }: { id: string }) => id)).toEqual(ids.reverse());
  });

  it.each([
    [{}, 'since must be a string'],
    [{ since: 'yesterday' }, 'since must be an instant'],
    [{ since: '2026-01-01' }, 'since must be an instant'],
    [{ since: '0000-01-01T00:00:00Z' }, 'since must be an instant'],
    [{ since: until, until: since }, 'since must be before until'],
    [{ since, until: since }, 'since must be before until'],
    [{ since: '2999-01-01T00:00:00Z' }, 'since must be in the past'],
    [{ since: '2001-01-01T00:00:00Z' }, 'since must be within the last 3650 days'],
    [{ since, until: '2999-01-01T00:00:00Z' }, 'until must not be in the future'],
    [{ since, until: null }, 'until must be a string'],
    [{ since, onlyMissing: 'yes' }, 'onlyMissing must be true or false'],
    [{ since, onlymissing: false }, 'onlymissing is not a field of this request'],
  ])('is refused with %j', async (body, reason) => {
    const answer = await recover(body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(reason);
    expect((await api.get(`${path}/recoveries`)).body.data).toEqual([]);
  });

  it('does not exist for others, nor for a subscription that is not there', async () => {
    const { id } = await recovered({ since });
    const stranger = await app.createTestOrganization();
    const other = await api.subscribe(URL, []);
    const gone = await api.subscribe(URL, []);
    await api.delete(`/v1/webhooks/${gone.id}`);
    const answers = [
      await stranger.post(`${path}/recover`, { since }),
      await stranger.get(`${path}/recoveries`),
      await stranger.get(`${path}/recoveries/${id}`),
      await api.get(`/v1/webhooks/${other.id}/recoveries/${id}`),
      await api.get(`${path}/recoveries/${ABSENT}`),
      await api.post(`/v1/webhooks/${gone.id}/recover`, { since }),
      await api.get(`/v1/webhooks/${gone.id}/recoveries`),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    await api.delete(path);
    expect((await api.get(`${path}/recoveries/${id}`)).body.message).toContain('Webhook subscription');
  });
});
