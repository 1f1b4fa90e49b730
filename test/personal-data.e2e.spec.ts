import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type Scope } from '#libs/platform/scopes.js';
import { ApiClient } from './support/api-client.js';
import { openEventStream, take } from './support/event-stream.js';
import { createSupportTeam, emailFrom, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let receiver: WebhookReceiver;
let admin: ApiClient;
let team: SupportTeam;
beforeAll(async () => {
  app = await startTestApp({ worker: true });
  receiver = await startWebhookReceiver();
  receiver.answerWith(200, 'thanks, bob@acme.example');
  admin = await app.createTestOrganization();
  team = await createSupportTeam(admin);
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

const clientWith = (...scopes: Scope[]) => app.clientWith(scopes, admin);

describe('Personal data of agents', () => {
  it('is in the feed and in streams for those who may read agents', async () => {
    await admin.patch(`/v1/agents/${team.agentId}`, { firstName: 'Robert' });
    const query = `?stream=agent-${team.agentId}`;
    const blind = await clientWith('events:read', 'endusers:read', 'conversations:read');
    const { body } = await blind.get(`/v1/events${query}`);
    expect(body.data).toMatchObject([
      { type: 'AgentCreated', redacted: true },
      { type: 'AgentUpdated', redacted: true, data: { id: team.agentId } },
    ]);
    expect(body.data[0].data).toEqual({ id: team.agentId, createdAt: expect.any(String), roles: ['Agent'] });
    expect(JSON.stringify(body)).not.toMatch(/bob|Robert/);
    const stream = await openEventStream(`${app.url}/v1/events/stream${query}`, blind.token);
    expect((await take(stream, 2)).map(({ data }) => data)).toEqual(body.data);
    stream.abort();
    const seeing = await clientWith('events:read', 'agents:read');
    const [created, updated] = (await seeing.get(`/v1/events${query}`)).body.data;
    expect(created.data).toMatchObject({ displayName: 'bob', email: 'bob@acme.example' });
    expect(updated.data.changes).toEqual({ firstName: 'Robert' });
    expect(created).not.toHaveProperty('redacted');
  });

  it('is among the members of a team for those who may read agents', async () => {
    const teamId = await admin.createTeam('Support');
    await admin.patch(`/v1/teams/${teamId}/agents`, { agentIds: [team.agentId] });
    const path = `/v1/teams/${teamId}/agents`;
    expect((await (await clientWith('teams:read')).get(path)).body.data).toEqual([{ id: team.agentId }]);
    const seeing = await clientWith('teams:read', 'agents:read');
    expect((await seeing.get(path)).body.data).toMatchObject([{ id: team.agentId, name: 'bob' }]);
  });

  it('is in histories, of those who acted, for those who may read agents', async () => {
    const { organizationId } = admin;
    const bob = await app.clientWith(['tags:write'], new ApiClient(app.url, '', organizationId, team.agentId));
    const path = `/v1/tags/${await bob.createTag('Refund')}/history`;
    expect((await (await clientWith('tags:read')).get(path)).body.data[0].actor).toEqual({ id: team.agentId });
    const seeing = await clientWith('tags:read', 'agents:read');
    expect((await seeing.get(path)).body.data[0].actor).toEqual({ id: team.agentId, name: 'bob' });
  });
});

describe('What is written in conversations', () => {
  it('is listed for an end user to those who may read conversations', async () => {
    await admin.create('/v1/conversations', emailFrom(team.userId));
    const path = `/v1/endusers/${team.userId}/conversations`;
    expect(await (await clientWith('endusers:read')).get(path)).toMatchObject({
      status: 403,
      body: { message: 'The API token lacks the scope conversations:read' },
    });
    expect((await (await clientWith('endusers:read', 'conversations:read')).get(path)).status).toBe(200);
  });
});

describe('What was sent to a webhook and answered', () => {
  it.each<[string, () => Promise<unknown>, Scope[]]>([
    ['AgentUpdated', () => admin.patch(`/v1/agents/${team.otherAgentId}`, { lastName: 'Bobson' }), ['agents:read']],
    ['EndUserUpdated', () => admin.patch(`/v1/endusers/${team.userId}`, { firstName: 'Al' }), ['endusers:read']],
    [
      'ConversationCreated',
      () => admin.create('/v1/conversations', emailFrom(team.userId)),
      ['agents:read', 'endusers:read', 'conversations:read'],
    ],
  ])('is shown to those who may read whom it is about: %s', async (event, change, scopes) => {
    const { id } = await admin.subscribe(receiver.url, [event]);
    await change();
    const path = `/v1/webhooks/${id}`;
    const delivery = await waitFor(
      'the delivery',
      async () => (await admin.get(`${path}/deliveries?state=delivered`)).body.data[0] as { id: string } | undefined,
    );
    const views = async (client: ApiClient) => {
      const details = (await client.get(`${path}/deliveries/${delivery.id}`)).body.data;
      const [log] = (await client.get(`${path}/delivery-status/logs/${event}`)).body.data;
      const [status] = (await client.get(`${path}/delivery-status`)).body.data;
      return [
        ...[details.payload, details.attemptLog[0].responseText],
        ...[log.payload, log.deliveryDetail.responseText, status.deliveryStatus.responseText],
      ] as string[];
    };
    const whole = await views(await clientWith('webhooks:read', ...scopes));
    expect(whole).toEqual(await views(admin));
    expect(whole[1]).toBe('thanks, bob@acme.example');
    for (const lacking of scopes) {
      const others = scopes.filter((scope) => scope !== lacking);
      expect(await views(await clientWith('webhooks:write', ...others))).toEqual(Array(5).fill('***'));
    }
  });

  it('is shown as it is where it is about nobody, and where the words are our own', async () => {
    const { id } = await admin.subscribe(receiver.url, ['TeamCreated']);
    const unreachable = await admin.subscribe('http://127.0.0.1:9/hook', ['AgentCreated']);
    const reader = await clientWith('webhooks:read');
    await admin.createTeam('Billing');
    await admin.createAgent();
    const logs = (of: string, event: string) =>
      waitFor('a log', async () => {
        const [log] = (await reader.get(`/v1/webhooks/${of}/delivery-status/logs/${event}`)).body.data;
        return log as { payload: string; deliveryDetail: { responseText: string } } | undefined;
      });
    expect((await logs(id, 'TeamCreated')).payload).toContain('TEAM_CREATED');
    const { payload, deliveryDetail } = await logs(unreachable.id, 'AgentCreated');
    expect(payload).toBe('***');
    expect(deliveryDetail.responseText).toBe('The connection was refused');
  });
});
