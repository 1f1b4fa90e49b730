import { createServer } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { MAX_POSITIONS } from '#libs/event-store/event-feed.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type ApiClient } from './support/api-client.js';
import { forgetAllJobs } from './support/jobs.js';
import { createSupportTeam, emailFrom } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let receiver: WebhookReceiver;
beforeAll(async () => {
  app = await startTestApp({ worker: true });
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
  receiver = await startWebhookReceiver();
});
afterEach(() => receiver.close());

const tagIds = () => receiver.received.map(({ payload }) => payload.data.tag.id);
const status = async (id: string) => (await api.get(`/v1/webhooks/${id}/delivery-status`)).body.data;

describe('A webhook delivery', () => {
  it('carries the event, signed, with the headers of the subscription', async () => {
    const headers = { 'X-Tenant': 'acme' };
    const authorization = { _type: 'TokenAuth', value: 'Bearer abc' };
    const { id, secretKey } = await api.subscribe(receiver.url, ['TagCreated'], {
      customHeaders: headers,
      authorization,
    });
    const created = await api.post('/v1/tags', { name: 'VIP ☃', color: 'red' });
    const [delivery] = await waitFor('the delivery', () => receiver.received.length > 0 && receiver.received);
    expect(delivery?.payload).toEqual({
      event_id: delivery?.headers['webhook-id'],
      event_fqn: 'TAG_CREATED',
      event_version: '1',
      event_timestamp: expect.stringMatching(/Z$/),
      organization: { id: api.organizationId, name: 'Test' },
      data: { tag: { id: created.body.data.id, name: 'VIP ☃', color: 'red', state: 'ACTIVE' } },
    });
    expect(delivery?.headers).toMatchObject({
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      'x-tenant': 'acme',
      authorization: 'Bearer abc',
      'x-dixa-subscription-id': id,
    });
    const webhook = new Webhook(Buffer.from(secretKey, 'hex').toString('base64'));
    expect(webhook.verify(delivery?.body as string, delivery?.headers as Record<string, string>)).toEqual(
      delivery?.payload,
    );
  });

  it('passes the filters of the subscription: by channel, by queue, by who has caused it', async () => {
    const { userId, queueId, otherQueueId } = await createSupportTeam(api);
    const filtered = (name: string, strategy: 'All' | 'Any', ...conditions: [string, string, string[]][]) =>
      api.subscribe(`${receiver.url}?${name}`, ['ConversationCreated', 'ConversationEnqueued'], {
        filters: {
          ConversationEnqueued: {
            _type: 'CombinedFilters',
            strategy,
            conditions: conditions.map(([_type, field, values]) => ({ _type, field, values })),
          },
        },
      });
    await filtered('mail', 'All', ['IsOneOf', 'InitialChannel', ['Email']], ['IsOneOf', 'OperationOrigin', ['Api']]);
    await filtered('other-queue', 'All', ['IsNotOneOf', 'QueueId', [queueId]]);
    await filtered('either', 'Any', ['IsOneOf', 'InitialChannel', ['Sms']], ['IsOneOf', 'QueueId', [queueId]]);
    await filtered('system', 'All', ['IsOneOf', 'OperationOrigin', ['System']]);
    const { id: mail } = await api.create('/v1/conversations', emailFrom(userId));
    const callback = { _type: 'Callback', direction: 'Inbound', contactEndpointId: '+4578787878' };
    const { id: call } = await api.create('/v1/conversations', {
      ...callback,
      requesterId: userId,
      queueId: otherQueueId,
    });
    const enqueued = () =>
      receiver.received
        .filter(({ payload }) => payload.event_fqn === 'CONVERSATION_ENQUEUED')
        .map(({ url, payload }) => `${url.split('?')[1]} ${(payload.data as any).conversation.csid}`)
        .sort();
    await waitFor('eight creations and three more', () => receiver.received.length >= 11);
    expect(enqueued()).toEqual([`either ${mail}`, `mail ${mail}`, `other-queue ${call}`]);
    expect(receiver.received).toHaveLength(11);
  });

  it('shows the entity as it was right after the event', async () => {
    await api.subscribe(receiver.url, ['TagDeactivated', 'TagActivated']);
    const id = await api.createTag('VIP');
    for (const action of ['deactivate', 'activate', 'deactivate']) await api.patch(`/v1/tags/${id}/${action}`);
    await waitFor('three deliveries', () => receiver.received.length >= 3);
    const seen = receiver.received
      .map(({ payload }) => [
        payload.event_timestamp as string,
        payload.event_fqn,
        (payload.data.tag as { state?: string }).state,
      ])
      .sort(([a], [b]) => (a as string).localeCompare(b as string));
    expect(seen.map(([, ...rest]) => rest)).toEqual([
      ['TAG_DEACTIVATED', 'INACTIVE'],
      ['TAG_ACTIVATED', 'ACTIVE'],
      ['TAG_DEACTIVATED', 'INACTIVE'],
    ]);
  });

  it('goes to those alone who subscribed to the event, are enabled, and belong to the organization', async () => {
    const other = await app.createTestOrganization();
    const silent = await startWebhookReceiver();
    await api.subscribe(silent.url, []);
    await api.subscribe(silent.url, ['TagDeactivated']);
    await api.subscribe(silent.url, ['TagCreated'], { enabled: false });
    await other.subscribe(silent.url, ['TagCreated']);
    await api.subscribe(receiver.url, ['TagCreated']);
    const ids = [await api.createTag('one'), await api.createTag('two')];
    await waitFor('both deliveries', () => receiver.received.length === 2);
    expect(tagIds().sort()).toEqual(ids.sort());
    expect(silent.received).toEqual([]);
    await silent.close();
  });

  it('of each event comes once while nothing fails', async () => {
    await api.subscribe(receiver.url, ['TagCreated']);
    const ids = await Promise.all(Array.from({ length: 200 }, (_, i) => api.createTag(`tag ${i}`)));
    await waitFor(
      '200 deliveries',
      () => receiver.received.length >= 200,
      () => receiver.received.length,
    );
    expect(tagIds().sort()).toEqual(ids.sort());
  });

  it('comes also after more events that nobody wants than are looked at at once, which are not looked at again', async () => {
    await api.subscribe(receiver.url, ['TagCreated']);
    await app.database.sql(
      `INSERT INTO events (organization_id, stream, version, position, event_id, type, schema_version, data, metadata, recorded_at)
       SELECT $1, 'counter-' || n, 1, nextval('event_position'), uuidv7(), 'CounterRaised', 1, '{}', '{}', now()
       FROM generate_series(1, $2) AS n`,
      [api.organizationId, MAX_POSITIONS + 1],
    );
    const left = async () => {
      const text = `SELECT last_value - position AS left FROM event_position, checkpoints
        WHERE consumer = 'webhooks/' || partition_of($1)`;
      return (await app.database.sql<{ left: string }>(text, [api.organizationId]))[0]?.left;
    };
    await waitFor('all of them to be passed', async () => (await left()) === '0', left);
    const id = await api.createTag('VIP');
    await waitFor('the delivery', () => receiver.received.length === 1);
    expect(tagIds()).toEqual([id]);
  });

  it('to one subscriber does not wait for another that is down', async () => {
    const down = createServer();
    await new Promise<void>((resolve) => down.listen(0, '127.0.0.1', resolve));
    const { port } = down.address() as { port: number };
    await new Promise((resolve) => down.close(resolve));
    const broken = await api.subscribe(`http://127.0.0.1:${port}/`, ['TagCreated']);
    await api.subscribe(receiver.url, ['TagCreated']);
    const ids = await Promise.all(Array.from({ length: 50 }, (_, i) => api.createTag(`tag ${i}`)));
    await waitFor(
      '50 deliveries',
      () => receiver.received.length >= 50,
      () => receiver.received.length,
    );
    expect(tagIds().sort()).toEqual(ids.sort());
    const [{ deliveryStatus }] = await waitFor('a failed attempt', async () => {
      const statuses = await status(broken.id);
      return statuses[0].deliveryStatus._type === 'DeliveryDetail' && statuses;
    });
    expect(deliveryStatus).toMatchObject({
      success: false,
      responseCode: 0,
      responseText: 'The connection was refused',
    });
  });

  it('that fails is attempted again, and both attempts are recorded with the payload', async () => {
    const { id } = await api.subscribe(receiver.url, ['TagCreated']);
    expect(await status(id)).toEqual([{ event: 'TagCreated', deliveryStatus: { _type: 'NoRecentDelivery' } }]);
    receiver.answerWith(500, 'not now');
    await api.createTag('VIP');
    await waitFor('the first attempt', () => receiver.received.length === 1);
    const failed = await waitFor('its record', async () => {
      const [{ deliveryStatus }] = await status(id);
      return deliveryStatus._type === 'DeliveryDetail' && deliveryStatus;
    });
    expect(failed).toMatchObject({ success: false, responseCode: 500, responseText: 'not now' });
    receiver.answerWith(204);
    await waitFor('the second attempt', () => receiver.received.length === 2);
    await waitFor('its success', async () => (await status(id))[0].deliveryStatus.success);
    const logs = (await api.get(`/v1/webhooks/${id}/delivery-status/logs/TagCreated`)).body.data;
    expect(logs.map((log: { deliveryDetail: { responseCode: number } }) => log.deliveryDetail.responseCode)).toEqual([
      204, 500,
    ]);
    expect(logs[0].payload).toBe(receiver.received[0]?.body);
    expect(receiver.received[1]?.body).toBe(receiver.received[0]?.body);
    expect(receiver.received[1]?.headers['webhook-id']).toBe(receiver.received[0]?.headers['webhook-id']);
  });

  it('goes to where the subscription points when it is sent; of a deleted one it is cancelled', async () => {
    receiver.answerWith(500);
    const [moving, doomed] = [
      await api.subscribe(receiver.url, ['TagCreated']),
      await api.subscribe(receiver.url, ['TagCreated']),
    ];
    await api.createTag('VIP');
    await waitFor('both first attempts', () => receiver.received.length === 2);
    const target = await startWebhookReceiver();
    await api.patch(`/v1/webhooks/${moving.id}`, { url: target.url });
    await api.delete(`/v1/webhooks/${doomed.id}`);
    await waitFor('the retry at the new place', () => target.received.length === 1);
    await waitFor('the cancellation', async () => {
      const [row] = await app.database.sql<{ state: string }>(
        'SELECT state FROM webhook_deliveries WHERE subscription_id = $1',
        [doomed.id],
      );
      return row?.state === 'cancelled';
    });
    expect(receiver.received).toHaveLength(2);
    await target.close();
  });

  it('waits while the subscription is disabled', async () => {
    receiver.answerWith(500);
    const { id } = await api.subscribe(receiver.url, ['TagCreated']);
    await api.createTag('VIP');
    await waitFor('the first attempt', () => receiver.received.length === 1);
    await api.patch(`/v1/webhooks/${id}`, { enabled: false });
    receiver.answerWith(200);
    const due = () =>
      app.database.sql(
        "SELECT FROM webhook_deliveries WHERE subscription_id = $1 AND state = 'pending' AND next_attempt_at < now()",
        [id],
      );
    await waitFor('the retry to be due', async () => (await due()).length === 1);
    const other = await startWebhookReceiver();
    await api.subscribe(other.url, ['TagCreated']);
    for (let n = 1; n <= 3; n++) {
      await api.createTag(`meanwhile ${n}`);
      await waitFor('another to be served meanwhile', () => other.received.length === n);
    }
    expect(receiver.received).toHaveLength(1);
    await other.close();
    await api.patch(`/v1/webhooks/${id}`, { enabled: true });
    await waitFor('the retry', () => receiver.received.length === 2);
    const attempts = () => app.database.sql('SELECT number FROM webhook_attempts WHERE subscription_id = $1', [id]);
    await waitFor('its record', async () => (await attempts()).length === 2);
  });

  it('is not lost when the job queue forgets everything', async () => {
    receiver.answerWith(500);
    await api.subscribe(receiver.url, ['TagCreated']);
    await api.createTag('VIP');
    await waitFor('the first attempt', () => receiver.received.length === 1);
    await forgetAllJobs(app);
    receiver.answerWith(200);
    await waitFor('the retry', () => receiver.received.length === 2);
  });
});
