import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const basic = { _type: 'BasicAuth', username: 'u', password: 'p' };
const input = { name: 'CRM', url: 'http://127.0.0.1:9/hook', authorization: basic };

describe('Rotating the secret of a webhook subscription', () => {
  it('answers another key, and until when the one before counts', async () => {
    const api = await app.createTestOrganization();
    const before = (await api.post('/v1/webhooks', input)).body.data;
    const hours = async (body?: object) => {
      const { data } = (await api.post(`/v1/webhooks/${before.id}/rotate-secret`, body)).body;
      return {
        data,
        hours: data.previousSecretUntil && (Date.parse(data.previousSecretUntil) - Date.now()) / 3_600_000,
      };
    };
    const first = await hours();
    expect(first.data).toEqual({
      ...before,
      secretKey: expect.stringMatching(/^[0-9a-f]{64}$/),
      previousSecretUntil: expect.stringMatching(/Z$/),
      previousSecretsUntil: [first.data.previousSecretUntil],
      updatedAt: expect.any(String),
    });
    expect(first.data.secretKey).not.toBe(before.secretKey);
    expect(first.hours).toBeCloseTo(24, 1);
    const second = await hours({ overlapHours: 168 });
    expect(second.hours).toBeCloseTo(168, 1);
    const ends = [second.data.previousSecretUntil, first.data.previousSecretUntil];
    expect(second.data.previousSecretsUntil).toEqual(ends);
    const last = await hours({ overlapHours: 0 });
    expect(last.data.secretKey).not.toBe(second.data.secretKey);
    expect(last.data).toMatchObject({ previousSecretUntil: ends[0], previousSecretsUntil: ends });
    const past = await api.get(`/v1/webhooks/${before.id}?asOf=${last.data.updatedAt}`);
    expect(past.body.data).toMatchObject({ previousSecretUntil: ends[0], previousSecretsUntil: ends });
    expect((await api.get(`/v1/webhooks/${before.id}`)).body.data).toEqual(last.data);
  });

  it('is refused while three keys count, saying until when; but the present key can always be ended', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe(input.url, []);
    const rotate = (overlapHours: number) => api.post(`/v1/webhooks/${id}/rotate-secret`, { overlapHours });
    await rotate(2);
    const { body } = await rotate(1);
    const refused = await rotate(3);
    expect(refused.status).toBe(409);
    expect(refused.body.message).toContain(`one of them until ${body.data.previousSecretsUntil[0]}; rotate after that`);
    expect((await api.get(`/v1/webhooks/${id}`)).body.data.secretKey).toBe(body.data.secretKey);
    expect((await rotate(0)).status).toBe(200);
  });

  it.each([
    { overlapHours: 169 },
    { overlapHours: -1 },
    { overlapHours: 1.5 },
    { overlapHours: null },
    { hours: 1 },
    [],
  ])('is refused with %j', async (body) => {
    const api = await app.createTestOrganization();
    const { id, secretKey } = (await api.post('/v1/webhooks', input)).body.data;
    expect((await api.post(`/v1/webhooks/${id}/rotate-secret`, body)).status).toBe(400);
    expect((await api.get(`/v1/webhooks/${id}`)).body.data.secretKey).toBe(secretKey);
  });
});
