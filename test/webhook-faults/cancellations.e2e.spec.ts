import { type Socket } from 'node:net';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from '../support/api-client.js';
import { ACCEPT, REFUSE, type ScriptedReceiver, startScriptedReceiver } from '../support/scripted-receiver.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let receiver: ScriptedReceiver;
beforeAll(async () => {
  receiver = await startScriptedReceiver();
  app = await startTestApp({ worker: true, env: { WEBHOOK_RETRY_SCHEDULE: '3600,3600' } });
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

const TEAMS = { ordering: 'fifo' };
const onlyEmail = {
  _type: 'CombinedFilters',
  strategy: 'All',
  conditions: [{ _type: 'IsOneOf', field: 'InitialChannel', values: ['Email'] }],
};

interface Shown {
  id: string;
  event: string;
  state: string;
  attempts: number;
  cancelReason?: string;
}

/** A subscription whose receiver refuses tags, and its deliveries. */
async function subscription(events: string[], more: object = {}) {
  const api = await app.createTestOrganization();
  const place = `/${api.organizationId}`;
  receiver.behave(place, ({ body }) => (body.includes('TAG_CREATED') ? REFUSE : ACCEPT));
  const { id } = await api.subscribe(receiver.url(place), events, more);
  const path = `/v1/webhooks/${id}`;
  const deliveries = async () => (await api.get(`${path}/deliveries`)).body.data as Shown[];
  return { api, id, place, path, deliveries };
}

async function failedTag(api: ApiClient, deliveries: () => Promise<Shown[]>): Promise<Shown> {
  await api.createTag('VIP');
  return waitFor('an attempt', async () => (await deliveries()).find(({ attempts }) => attempts > 0));
}

describe('A delivery that waits', () => {
  it('in fifo order keeps nothing waiting once its event is no longer subscribed to', async () => {
    const { api, path, deliveries } = await subscription(['TagCreated', 'TeamCreated'], TEAMS);
    await failedTag(api, deliveries);
    await api.createTeam('Support');
    await waitFor('both', async () => (await deliveries()).length === 2);
    await api.patch(path, { events: ['TeamCreated'] });
    await waitFor('the team to arrive', async () => (await deliveries())[0]?.state === 'delivered');
    expect(await deliveries()).toMatchObject([
      { event: 'TeamCreated', state: 'delivered' },
      { event: 'TagCreated', state: 'cancelled', cancelReason: 'unsubscribed' },
    ]);
  });

  it('in fifo order keeps nothing waiting once it is cancelled itself', async () => {
    const { api, path, deliveries } = await subscription(['TagCreated', 'TeamCreated'], TEAMS);
    const { id } = await failedTag(api, deliveries);
    await api.createTeam('Support');
    await api.post(`${path}/deliveries/${id}/cancel`);
    await waitFor('the team to arrive', async () => (await deliveries())[0]?.state === 'delivered');
  });

  it('without order is cancelled as well, also while the subscription is disabled', async () => {
    const { api, path, deliveries } = await subscription(['TagCreated']);
    await failedTag(api, deliveries);
    await api.patch(path, { enabled: false });
    await api.patch(path, { events: ['TeamCreated'] });
    await waitFor('the end', async () => (await deliveries())[0]?.state === 'cancelled');
    expect(await deliveries()).toMatchObject([{ event: 'TagCreated', cancelReason: 'unsubscribed' }]);
  });

  it('is cancelled when it does not pass the filters any more, and stays when it does', async () => {
    const { api, place, path, deliveries } = await subscription(['ConversationCreated', 'TagCreated']);
    receiver.behave(place, () => REFUSE);
    const user = { displayName: 'Ada', email: 'ada@x.example', phoneNumber: '+4570123456' };
    const requesterId = (await api.create('/v1/endusers', user)).id as string;
    const message = { _type: 'Inbound', content: { _type: 'Text', value: 'Hello' } };
    const email = { _type: 'Email', requesterId, emailIntegrationId: 's@acme.example', subject: 's', message };
    await api.create('/v1/conversations', email);
    await api.create('/v1/conversations', { _type: 'Sms', requesterId, contactEndpointId: '+4570123457', message });
    await api.createTag('VIP');
    await waitFor('attempts', async () => (await deliveries()).filter(({ attempts }) => attempts > 0).length === 3);
    await api.patch(path, { filters: { ConversationCreated: onlyEmail } });
    await waitFor('the end of one', async () => (await deliveries()).some(({ state }) => state === 'cancelled'));
    expect(await deliveries()).toMatchObject([
      { event: 'TagCreated', state: 'pending' },
      { event: 'ConversationCreated', state: 'cancelled', cancelReason: 'filtered' },
      { event: 'ConversationCreated', state: 'pending' },
    ]);
    await api.patch(path, { filters: {} });
    await api.createTag('Refund');
    await waitFor('the next', async () => (await deliveries()).length === 4);
    expect((await deliveries())[2]).toMatchObject({ state: 'cancelled' });
  });

  it('is held against the settings all the same when there are more than a page of them', async () => {
    const { api, place, path, deliveries } = await subscription(['TagCreated'], { enabled: true });
    await failedTag(api, deliveries);
    receiver.behave(place, () => REFUSE);
    await app.database.sql(
      `INSERT INTO webhook_deliveries (organization_id, subscription_id, event_id, event_name, position, next_attempt_at)
       SELECT organization_id, subscription_id, uuidv7(), 'TagCreated', position + n, 'infinity'
       FROM webhook_deliveries CROSS JOIN generate_series(1, 1200) n WHERE organization_id = $1`,
      [api.organizationId],
    );
    await api.patch(path, { events: [] });
    await waitFor('the end of all', async () => {
      const text = "SELECT FROM webhook_deliveries WHERE organization_id = $1 AND cancel_reason = 'unsubscribed'";
      return (await app.database.sql(text, [api.organizationId])).length === 1201;
    });
  });

  it('can be retried after it was cancelled, and is sent then although nobody subscribes to it', async () => {
    const { api, place, path, deliveries } = await subscription(['TagCreated']);
    const { id } = await failedTag(api, deliveries);
    await api.patch(path, { events: [] });
    await waitFor('the end', async () => (await deliveries())[0]?.state === 'cancelled');
    receiver.behave(place, () => ACCEPT);
    await api.post(`${path}/deliveries/${id}/retry`);
    await waitFor('its arrival', async () => (await deliveries())[0]?.state === 'delivered');
    expect((await deliveries())[0]).not.toHaveProperty('cancelReason');
  });
});

describe('An attempt that is under way when its delivery is cancelled', () => {
  async function underWay(more: object = {}) {
    const found = await subscription(['TagCreated', 'TeamCreated'], more);
    const held: [Socket, string][] = [];
    receiver.behave(found.place, ({ body }) =>
      body.includes('TAG_CREATED') ? (...exchange) => held.push(exchange) : ACCEPT,
    );
    await found.api.createTag('VIP');
    const exchange = await waitFor('the attempt', () => held[0]);
    await found.api.createTeam('Support');
    await waitFor('both', async () => (await found.deliveries()).length === 2);
    const [, tag] = await found.deliveries();
    const { body } = await found.api.post(`${found.path}/deliveries/${tag?.id}/cancel`);
    expect(body.data).toMatchObject({ state: 'cancelled' });
    return { ...found, exchange, tagId: tag?.id };
  }

  it('delivers it after all when the receiver takes it', async () => {
    const { exchange, deliveries } = await underWay();
    ACCEPT(...exchange);
    await waitFor('the answer', async () => (await deliveries())[1]?.attempts === 1);
    expect((await deliveries())[1]).toMatchObject({ state: 'delivered' });
    expect((await deliveries())[1]).not.toHaveProperty('cancelReason');
  });

  it('leaves it cancelled when it fails, is kept in its log, and keeps nothing else waiting', async () => {
    const { api, path, tagId, exchange, deliveries } = await underWay(TEAMS);
    REFUSE(...exchange);
    await waitFor('the team to arrive', async () => (await deliveries())[0]?.state === 'delivered');
    const { data } = (await api.get(`${path}/deliveries/${tagId}`)).body;
    expect(data).toMatchObject({ state: 'cancelled', cancelReason: 'requested', attempts: 1 });
    expect(data.attemptLog).toMatchObject([{ number: 1, outcome: 'refused' }]);
  });
});
