import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom, outboundBy, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let receiver: WebhookReceiver;
let api: ApiClient;
let team: SupportTeam;
beforeAll(async () => {
  app = await startTestApp({ worker: true });
});
afterAll(() => app.close());
beforeEach(async () => {
  receiver = await startWebhookReceiver();
  api = await app.createTestOrganization();
  team = await createSupportTeam(api);
});
afterEach(() => receiver.close());

const fqn = (event: string) => event.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();

/** The payload's data of the first such event. */
async function dataOf(event: string): Promise<any> {
  const found = () => receiver.received.find(({ payload }) => payload.event_fqn === fqn(event));
  await waitFor(event, () => found() !== undefined);
  return found()?.payload.data;
}

const bob = () => ({
  id: team.agentId,
  name: 'bob',
  email: 'bob@acme.example',
  phone: null,
  roles: ['AGENT'],
  user_type: 'Member',
});
const alice = () => ({
  id: team.userId,
  name: 'Alice',
  email: 'alice@brown.example',
  phone: '+4570123456',
  roles: [],
  user_type: 'Contact',
});

describe('Payloads of conversations', () => {
  it('show users as contacts and members, tags with their state, and a tag that was put on by its name', async () => {
    await api.subscribe(receiver.url, ['ConversationTagAdded', 'ConversationTagRemoved']);
    const { id } = await api.create('/v1/conversations', emailFrom(team.userId));
    await api.put(`/v1/conversations/${id}/claim`, { agentId: team.agentId });
    await api.put(`/v1/conversations/${id}/tags/${team.tagId}`);
    const added = await dataOf('ConversationTagAdded');
    expect(added).toMatchObject({
      tag: 'VIP',
      conversation: {
        requester: alice(),
        assignee: bob(),
        tags: [{ id: team.tagId, name: 'VIP', is_deactivated: false }],
      },
    });
    await api.patch(`/v1/tags/${team.tagId}/deactivate`);
    const other = await api.createTag('Refund');
    receiver.received.length = 0;
    await api.put(`/v1/conversations/${id}/tags/${other}`);
    expect((await dataOf('ConversationTagAdded')).conversation.tags).toEqual([
      { id: team.tagId, name: 'VIP', is_deactivated: true },
      { id: other, name: 'Refund', is_deactivated: false },
    ]);
    await api.delete(`/v1/conversations/${id}/tags/${other}`);
    expect(await dataOf('ConversationTagRemoved')).toMatchObject({ tag: 'Refund' });
  });

  it('name a tag also when it is gone before they are made', async () => {
    const { id } = await api.create('/v1/conversations', emailFrom(team.userId));
    await api.put(`/v1/conversations/${id}/tags/${team.tagId}`);
    await api.delete(`/v1/tags/${team.tagId}`);
    const subscription = await api.subscribe(receiver.url, ['ConversationTagAdded']);
    await api.post(`/v1/webhooks/${subscription.id}/recover`, { since: new Date(Date.now() - 60_000).toISOString() });
    expect(await dataOf('ConversationTagAdded')).toMatchObject({ tag: 'VIP', conversation: { tags: [] } });
  });

  it('show as author the end user who began it, and the agent who is named', async () => {
    await api.subscribe(receiver.url, [
      ...['ConversationCreated', 'ConversationAssigned', 'ConversationTransferred', 'ConversationClosed'],
    ]);
    const { id } = await api.create('/v1/conversations', emailFrom(team.userId));
    expect(await dataOf('ConversationCreated')).toMatchObject({ author: alice() });
    await api.put(`/v1/conversations/${id}/claim`, { agentId: team.agentId });
    expect(await dataOf('ConversationAssigned')).toMatchObject({ author: bob() });
    await api.put(`/v1/conversations/${id}/transfer/queue`, { queueId: team.otherQueueId, userId: team.agentId });
    expect(await dataOf('ConversationTransferred')).toMatchObject({ author: bob() });
    await api.put(`/v1/conversations/${id}/close`, { userId: team.userId });
    expect(await dataOf('ConversationClosed')).toMatchObject({ author: alice() });
  });

  it('show as author the agent who began an outbound one, and nobody where no agent did it', async () => {
    await api.subscribe(receiver.url, ['ConversationCreated', 'ConversationClosed']);
    const { id } = await api.create('/v1/conversations', emailFrom(team.userId, { message: outboundBy(team.agentId) }));
    expect(await dataOf('ConversationCreated')).toMatchObject({ author: bob() });
    await api.put(`/v1/conversations/${id}/close`, {});
    expect(await dataOf('ConversationClosed')).toMatchObject({ author: null });
  });

  it('show as author the agent on whose behalf the token acts', async () => {
    await api.subscribe(receiver.url, ['ConversationClosed']);
    const { id } = await api.create('/v1/conversations', emailFrom(team.userId));
    const bobs = new ApiClient(app.url, '', api.organizationId, team.agentId);
    const agent = await app.clientWith(['conversations:write'], bobs);
    await agent.put(`/v1/conversations/${id}/close`, {});
    expect(await dataOf('ConversationClosed')).toMatchObject({ author: bob() });
  });
});
