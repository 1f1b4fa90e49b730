import { Webhook } from 'standardwebhooks';
import { type Received, startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('A test of a webhook subscription', () => {
  let receiver: WebhookReceiver;
  beforeEach(async () => {
    receiver = await startWebhookReceiver();
  });
  afterEach(() => receiver.close());

  it('sends the example of an event as a delivery would be sent, also while it is disabled', async () => {
    const api = await app.createTestOrganization();
    const { id, secretKey } = await api.subscribe(receiver.url, [], { enabled: false, customHeaders: { 'X-A': '1' } });
    const { status, body } = await api.post(`/v1/webhooks/${id}/test`, { event: 'TagCreated' });
    expect(status).toBe(200);
    expect(body.data).toEqual({
      outcome: 'delivered',
      success: true,
      startedAt: expect.stringMatching(/Z$/),
      durationMs: expect.any(Number),
      responseCode: 200,
      responseText: 'ok',
    });
    const [sent] = receiver.received;
    expect(sent?.headers).toMatchObject({ 'x-a': '1', 'x-dixa-subscription-id': id });
    const { example } = (await api.get('/v1/webhooks/event-types')).body.data.find(
      ({ name }: { name: string }) => name === 'TagCreated',
    );
    expect(sent?.payload).toEqual({
      ...example,
      event_id: sent?.headers['webhook-id'],
      event_timestamp: expect.stringMatching(/Z$/),
      organization: { id: api.organizationId, name: 'Test' },
    });
    expect(sent?.payload.event_id).not.toBe(example.event_id);
    expect(sent?.payload.event_timestamp).not.toBe(example.event_timestamp);
    expect(() => verified(sent, secretKey)).not.toThrow();
  });

  it('is signed by all keys that count after rotations', async () => {
    const api = await app.createTestOrganization();
    const before = await api.subscribe(receiver.url, []);
    const path = `/v1/webhooks/${before.id}`;
    const { secretKey } = (await api.post(`${path}/rotate-secret`, {})).body.data;
    await api.post(`${path}/test`, { event: 'TagCreated' });
    for (const key of [secretKey, before.secretKey]) expect(() => verified(receiver.received[0], key)).not.toThrow();
    const third = (await api.post(`${path}/rotate-secret`, { overlapHours: 1 })).body.data.secretKey;
    const fourth = (await api.post(`${path}/rotate-secret`, { overlapHours: 0 })).body.data.secretKey;
    await api.post(`${path}/test`, { event: 'TagCreated' });
    for (const key of [fourth, secretKey, before.secretKey]) {
      expect(() => verified(receiver.received[1], key)).not.toThrow();
    }
    expect(() => verified(receiver.received[1], third)).toThrow();
  });

  it('says how the receiver failed', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe(receiver.url, []);
    receiver.answerWith(500, 'not now');
    const refused = await api.post(`/v1/webhooks/${id}/test`, { event: 'QueueCreated' });
    expect(refused.body.data).toMatchObject({
      outcome: 'refused',
      success: false,
      responseCode: 500,
      responseText: 'not now',
    });
    await receiver.close();
    const { status, body } = await api.post(`/v1/webhooks/${id}/test`, { event: 'QueueCreated' });
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ outcome: 'connection_reset', success: false });
    expect(body.data).not.toHaveProperty('responseCode');
  });

  it('leaves nothing behind', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe(receiver.url, ['TagCreated']);
    const events = () => app.database.sql('SELECT FROM events');
    const before = await events();
    await api.post(`/v1/webhooks/${id}/test`, { event: 'TagCreated' });
    expect(await events()).toHaveLength(before.length);
    for (const table of ['messages', 'deliveries', 'attempts']) {
      expect(await app.database.sql(`SELECT FROM webhook_${table}`)).toEqual([]);
    }
    expect((await api.get(`/v1/webhooks/${id}/delivery-status`)).body.data).toEqual([
      { event: 'TagCreated', deliveryStatus: { _type: 'NoRecentDelivery' } },
    ]);
  });

  it.each([{}, { event: 'Nope' }, { event: null }, []])('is refused with %j', async (body) => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe(receiver.url, []);
    expect((await api.post(`/v1/webhooks/${id}/test`, body)).status).toBe(400);
    expect(receiver.received).toEqual([]);
  });
});

function verified(sent: Received | undefined, secretKey: string): unknown {
  const webhook = new Webhook(Buffer.from(secretKey, 'hex').toString('base64'));
  return webhook.verify(sent?.body as string, sent?.headers as Record<string, string>);
}
