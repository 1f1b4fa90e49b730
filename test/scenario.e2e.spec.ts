import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import {
  CATALOGUE,
  EVENT_NAMES,
  PRODUCED_EVENT_NAMES,
  type ProducedEventName,
} from '#libs/webhooks/catalogue/catalogue.published.js';
import { fullyQualifiedName } from '#libs/webhooks/events/fully-qualified-name.published.js';
import { type ApiClient } from './support/api-client.js';
import { emailFrom, inbound } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let receiver: WebhookReceiver;
beforeAll(async () => {
  app = await startTestApp({ worker: true });
  api = await app.createTestOrganization();
  receiver = await startWebhookReceiver();
  await api.subscribe(receiver.url, EVENT_NAMES);
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

const ok = async (answer: Promise<{ status: number; body: any }>) => {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(JSON.stringify(body));
  return body?.data;
};

/** A working day of a support team; its steps build on one another. */
describe('A support team', () => {
  let bob: string;
  let carol: string;
  let support: string;
  let billing: string;
  let vip: string;
  let order: string;
  let plan: string;
  let alice: string;
  let dan: string;
  let question: number;

  it('hires agents, and one is there to work', async () => {
    const hired = await ok(
      api.post('/v1/agents/bulk', {
        data: ['bob', 'carol', 'temp'].map((name) => ({ displayName: name, email: `${name}@acme.example` })),
      }),
    );
    expect(hired.map(({ _type }: { _type: string }) => _type)).toEqual(Array(3).fill('BulkActionSuccess'));
    [bob, carol] = hired.map(({ data }: { data: { id: string } }) => data.id);
    await ok(api.patch(`/v1/agents/${bob}`, { firstName: 'Bob', phoneNumber: '+4570123400' }));
    const presence = { connectionStatus: 'Online', presenceStatus: 'Working', activeChannels: ['Email'] };
    await ok(api.put(`/v1/agents/${bob}/presence`, presence));
    await ok(api.put(`/v1/agents/${bob}/presence/working-channel`, { channel: 'InteractiveChat', working: true }));
    expect((await ok(api.get(`/v1/agents/${bob}/presence`))).activeChannels).toContain('WidgetChat');
    await ok(api.delete(`/v1/agents/${hired[2].data.id}`));
    expect((await api.get('/v1/agents')).body.data).toHaveLength(2);
  });

  it('forms teams and queues with members', async () => {
    const { id: frontline } = await ok(api.post('/v1/teams', { name: 'Frontline' }));
    await ok(api.patch(`/v1/teams/${frontline}/agents`, { agentIds: [bob, carol] }));
    await ok(api.delete(`/v1/teams/${frontline}/agents`, { agentIds: [carol] }));
    expect((await ok(api.get(`/v1/teams/${frontline}/agents`))).map(({ id }: { id: string }) => id)).toEqual([bob]);
    expect(await ok(api.get(`/v1/teams/${frontline}/presence`))).toMatchObject([
      { userId: bob, connectionStatus: 'Online' },
    ]);
    const { id: gone } = await ok(api.post('/v1/teams', { name: 'Gone' }));
    await ok(api.delete(`/v1/teams/${gone}`));

    const queue = (name: string, isDefault: boolean) => ({
      request: { name, isDefault, callFunctionality: true, isDoNotOfferEnabled: false, offerAlgorithm: 'LongestIdle' },
    });
    ({ id: support } = await ok(api.post('/v1/queues', queue('Support', true))));
    ({ id: billing } = await ok(api.post('/v1/queues', queue('Billing', false))));
    const { id: old } = await ok(api.post('/v1/queues', queue('Old', false)));
    await ok(api.patch(`/v1/queues/${billing}`, { priority: 2 }));
    await ok(api.delete(`/v1/queues/${old}`));
    await ok(api.patch(`/v1/queues/${support}/members`, { agentIds: [bob, carol] }));
    await ok(api.delete(`/v1/queues/${support}/members`, { agentIds: [carol] }));
    expect(await ok(api.get(`/v1/queues/${support}/members`))).toMatchObject([{ agentId: bob }]);
  });

  it('defines tags and custom attributes', async () => {
    vip = await api.createTag('VIP');
    await ok(api.patch(`/v1/tags/${vip}/deactivate`));
    await ok(api.patch(`/v1/tags/${vip}/activate`));
    await ok(api.delete(`/v1/tags/${await api.createTag('mistake')}`));
    const attribute = (entityType: string, identifier: string, inputDefinition: object) =>
      ok(api.post('/v1/custom-attributes', { entityType, identifier, label: identifier, inputDefinition }));
    ({ id: order } = await attribute('Conversation', 'order', { _type: 'Text' }));
    const options = [{ label: 'Gold', value: 'gold' }];
    ({ id: plan } = await attribute('Contact', 'plan', { _type: 'Select', options }));
    await ok(api.patch(`/v1/custom-attributes/${plan}`, { label: 'Plan' }));
    const { id: old } = await attribute('Contact', 'old', { _type: 'Text' });
    await ok(api.patch(`/v1/custom-attributes/${old}/archive`));
    expect(await ok(api.get('/v1/custom-attributes'))).toHaveLength(3);
  });

  it('sets up the addresses by which it is reached', async () => {
    const support = { _type: 'EmailEndpoint', address: 'support@acme.example' };
    await ok(api.post('/v1/contact-endpoints', support));
    await ok(api.post('/v1/contact-endpoints', { _type: 'TelephonyEndpoint', number: '+4578787878' }));
    await ok(api.patch(`/v1/contact-endpoints/${support.address}`, { name: 'Support' }));
    await ok(api.delete(`/v1/contact-endpoints/${encodeURIComponent('+4578787878')}`));
    expect(await ok(api.get('/v1/contact-endpoints'))).toEqual([{ ...support, name: 'Support' }]);
  });

  it('imports end users, and gets to know them', async () => {
    const imported = await ok(
      api.post('/v1/endusers/bulk', {
        data: [
          { displayName: 'Alice', email: 'alice@brown.example' },
          { displayName: 'Twin', email: 'ALICE@brown.example' },
          { displayName: 'Dan', email: 'dan@grey.example', phoneNumber: '+4570123456' },
        ],
      }),
    );
    const succeeded = imported.filter(({ _type }: { _type: string }) => _type === 'BulkActionSuccess');
    expect(succeeded).toHaveLength(2);
    dan = imported[2].data.id;
    alice = succeeded.find(({ data }: { data: { id: string } }) => data.id !== dan).data.id;
    await ok(api.put(`/v1/endusers/${alice}`, { displayName: 'Alice Brown', email: 'alice@brown.example' }));
    await ok(api.patch(`/v1/endusers/${alice}/custom-attributes`, { [plan]: ['gold'] }));
    const user = await ok(api.get(`/v1/endusers/${alice}`));
    expect(user).toMatchObject({ displayName: 'Alice Brown', customAttributes: [{ name: 'Plan', value: ['gold'] }] });
    const [found] = (await api.get('/v1/endusers?email=Alice@Brown.example')).body.data;
    expect(found.id).toBe(alice);
  });

  it('answers a question: from the queue to an agent, to another queue, and closes it', async () => {
    ({ id: question } = await ok(api.post('/v1/conversations', emailFrom(alice))));
    const { id: other } = await ok(api.post('/v1/conversations', emailFrom(dan)));
    expect(await ok(api.get(`/v1/queues/conversation-position/${other}`))).toMatchObject({ position: 2 });
    const [email] = (await ok(api.get(`/v1/queues/${support}/availability`))).filter(
      (outcome: any) => outcome.channelAvailability.genericChannelName === 'Email',
    );
    expect(email.channelAvailability).toMatchObject({ availability: 'Available', queueSize: 2 });
    expect((await api.delete(`/v1/queues/${support}`)).status).toBe(409);

    const path = `/v1/conversations/${question}`;
    await ok(api.put(`${path}/tags/${vip}`));
    await ok(api.patch(`${path}/custom-attributes`, { [order]: 'A-1042' }));
    await ok(api.post(`${path}/notes`, { message: 'She called, too.' }));
    const { messageId } = await ok(api.post(`${path}/messages`, inbound('My card ends with 4242.')));
    await ok(api.patch(`${path}/messages/${messageId}/anonymize`));
    const offer = await ok(api.post(`${path}/ratings/offer`, { agentId: bob, userId: alice, ratingType: 'Csat' }));
    await ok(api.post(`${path}/ratings/${offer.id}/submit`, { ratingResult: { _type: 'Csat', value: 5 } }));
    await ok(api.put(`${path}/claim`, { agentId: bob }));
    expect((await api.put(`${path}/claim`, { agentId: carol })).status).toBe(409);
    await ok(api.put(`${path}/link`, { parentId: other, linkType: 'Related' }));
    await ok(api.put(`${path}/followup`, { timestamp: new Date(Date.now() + 500).toISOString(), userId: bob }));
    await waitFor('the question to open again', async () => (await ok(api.get(path))).state === 'Open');
    await ok(api.put(`${path}/transfer/queue`, { queueId: billing, userId: bob }));
    await ok(api.delete(`${path}/tags/${vip}`));
    await ok(api.put(`${path}/claim`, { agentId: carol }));
    await ok(api.put(`${path}/close`, { userId: carol }));
    expect(await ok(api.get(path))).toMatchObject({
      _type: 'EmailConversation',
      state: 'Closed',
      assignment: { agentId: carol },
      queue: { id: billing },
      link: { _type: 'FollowUp', parentId: other },
      customAttributes: [{ identifier: 'order', value: 'A-1042' }],
    });
  });

  it('finds out that two end users are one', async () => {
    const again = await ok(
      api.put('/v1/endusers/external/crm-7', { displayName: 'Daniel', email: 'daniel@grey.example' }),
    );
    const { id } = await ok(api.post('/v1/conversations', emailFrom(again.id)));
    const merged = await ok(api.post(`/v1/endusers/${again.id}/merge`, { intoId: dan }));
    expect(merged).toMatchObject({
      displayName: 'Dan',
      additionalEmails: ['daniel@grey.example'],
      externalId: 'crm-7',
    });
    expect((await ok(api.get(`/v1/conversations/${id}`))).requesterId).toBe(dan);
  });

  it('forgets who asks for it: at once when nothing is open, else by force', async () => {
    const gentle = await ok(api.patch(`/v1/endusers/${alice}/anonymize`));
    expect((await api.patch(`/v1/endusers/${dan}/anonymize`)).status).toBe(409);
    const forced = await ok(api.patch(`/v1/endusers/${dan}/anonymize?force=true`));
    for (const { id } of [gentle, forced]) {
      await waitFor('the anonymization', async () => {
        const request = await ok(api.get(`/v1/anonymization/request/${id}`));
        return request.processedAt !== undefined;
      });
    }
    expect(await ok(api.get(`/v1/endusers/${alice}`))).not.toHaveProperty('displayName');
    expect(await ok(api.get(`/v1/conversations/${question}`))).toMatchObject({ _type: 'AnonymizedConversation' });
    const [left] = (await api.get(`/v1/endusers/${dan}/conversations`)).body.data;
    expect(left).toMatchObject({ _type: 'AnonymizedConversation', state: 'Closed' });
  });

  it('gives up a receiver that is gone', async () => {
    const gone = await startWebhookReceiver();
    gone.answerWith(410);
    const { id } = await api.subscribe(gone.url, ['TagCreated']);
    await api.createTag('Farewell');
    await waitFor('the end of the subscription', async () => !(await ok(api.get(`/v1/webhooks/${id}`))).enabled);
    await gone.close();
  });

  it('has seen every step arrive at its receiver, in the shape that the catalogue promises', async () => {
    const arrived = () => new Set(receiver.received.map(({ payload }) => payload.event_fqn));
    const names = new Map(PRODUCED_EVENT_NAMES.map((name) => [fullyQualifiedName(name), name]));
    await waitFor('each type of event', () => [...names.keys()].every((name) => arrived().has(name))).catch(() => {
      throw new Error(`Missing: ${[...names.keys()].filter((name) => !arrived().has(name)).join(', ')}`);
    });
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const faults = receiver.received.flatMap(({ payload }) => {
      const { schema } = CATALOGUE[names.get(payload.event_fqn) as ProducedEventName];
      return ajv.validate(schema, payload.data) ? [] : [[payload.event_fqn, ajv.errorsText()]];
    });
    expect(faults).toEqual([]);
  });

  it('reads the same catalogue over HTTP', async () => {
    const types = await ok(api.get('/v1/webhooks/event-types'));
    expect(types.map(({ name }: { name: string }) => name).sort()).toEqual([...EVENT_NAMES].sort());
  });
});
