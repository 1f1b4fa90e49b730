import { partitionOf } from '#libs/event-store/partitions.js';
import { rebuildTable } from '#libs/event-store/rebuild.js';
import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from './support/api-client.js';
import { openEventStream, take } from './support/event-stream.js';
import { NewerRelease, newerConversations } from './support/newer-release.js';
import { createSupportTeam, emailFrom, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const REASON = 'lives in Aarhus';

let app: TestApp;
let newer: NewerRelease;
let receiver: WebhookReceiver;
beforeAll(async () => {
  app = await startTestApp({ worker: true });
  newer = new NewerRelease(app);
  receiver = await startWebhookReceiver();
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

/** An organization for which a process of a newer release has written, too. */
async function createWorld() {
  const api = await app.createTestOrganization();
  const team = await createSupportTeam(api);
  const { id } = await api.create('/v1/conversations', emailFrom(team.userId, { subject: 'Invoice' }));
  await newer.archive(id as number, REASON, api);
  await newer.deactivateTag(team.tagId, api);
  await newer.beginAudit(REASON, api);
  return { api, team, id: id as number };
}

/** The operations that read the present of what is in the world. */
const presentOf = ({ team, id }: { team: SupportTeam; id: number }) => [
  ...['/v1/conversations', `/v1/conversations/${id}`, `/v1/conversations/${id}/messages`, '/v1/tags', '/v1/endusers'],
  ...[`/v1/conversations/${id}/tags`, `/v1/conversations/${id}/ratings`, `/v1/endusers/${team.userId}/conversations`],
  ...[`/v1/tags/${team.tagId}`, `/v1/queues/${team.queueId}`, `/v1/queues/${team.queueId}/conversations`, '/v1/agents'],
  `/v1/conversations/${id}/activitylog`,
];

const OPAQUE = expect.objectContaining({ data: {}, opaque: true });

describe('Beside a newer release', () => {
  it('reads of the present show what that release has written', async () => {
    const world = await createWorld();
    const answers = await Promise.all(presentOf(world).map(async (path) => [path, (await world.api.get(path)).status]));
    expect(answers).toEqual(presentOf(world).map((path) => [path, 200]));
    const { body } = await world.api.get(`/v1/conversations/${world.id}`);
    expect(body.data).toMatchObject({ id: world.id, archived: true });
  });

  it('changes go on, and lose nothing of what that release has written', async () => {
    const { api, id, team } = await createWorld();
    expect((await api.put(`/v1/conversations/${id}/close`)).status).toBe(204);
    expect((await api.patch(`/v1/tags/${team.tagId}/activate`)).status).toBe(204);
    expect((await api.get(`/v1/conversations/${id}`)).body.data.state).toBe('Closed');
    const { state } = await newer.store.load(newerConversations, String(id), api);
    expect(state).toMatchObject({ state: 'Closed', archived: true });
  });

  it('the feed, as pages and as a stream, shows unknown events without what they say', async () => {
    const { api } = await createWorld();
    const { data } = (await api.get('/v1/events')).body;
    const unknown = data.slice(-3);
    expect(unknown.map(({ type }: { type: string }) => type)).toEqual([
      'ConversationArchived',
      'TagDeactivated',
      'AuditBegun',
    ]);
    expect(unknown).toEqual([OPAQUE, OPAQUE, OPAQUE]);
    const stream = await openEventStream(`${app.url}/v1/events/stream`, api.token);
    const streamed = await take(stream, data.length);
    stream.abort();
    expect(streamed.map((message) => message.data)).toEqual(data);
    expect(JSON.stringify(data)).not.toContain(REASON);
  });

  it('histories and exports show unknown events without what they say', async () => {
    const { api, id, team } = await createWorld();
    const histories = [`/v1/conversations/${id}/history`, `/v1/tags/${team.tagId}/history`];
    for (const path of histories) expect((await api.get(path)).body.data[0]).toEqual(OPAQUE);
    const { status, body } = await api.get(`/v1/endusers/${team.userId}/export`);
    expect([status, body.data.conversations[0].history.at(-1)]).toEqual([200, OPAQUE]);
  });

  it('reads of the past that depend on unknown events are refused until a newer process answers', async () => {
    const { api, id, team } = await createWorld();
    const asOf = `asOf=${new Date(Date.now() + 1_000).toISOString()}`;
    for (const path of [`/v1/conversations/${id}?${asOf}`, `/v1/tags/${team.tagId}?${asOf}`, `/v1/tags?${asOf}`]) {
      const { status, headers, body } = await api.get(path);
      expect([path, status, headers.get('retry-after')]).toEqual([path, 503, '5']);
      expect(body.message).toContain('Only a newer release of Deskstream knows an event');
    }
  });

  it('a table of its entities is not rebuilt', async () => {
    await createWorld();
    const rebuilt = rebuildTable(app.database.ownerUrl, app.runtime.codec, conversationStream, 'conversations');
    await expect(rebuilt).rejects.toThrow('Only a newer release');
  });
});

describe('A delivery that depends on an event of a newer release', () => {
  const reached = async ({ organizationId }: ApiClient) => {
    const [row] = await app.database.sql<{ done: boolean }>(
      `SELECT position >= (SELECT max(position) FROM events WHERE organization_id = $1) AS done
       FROM checkpoints WHERE consumer = 'webhooks/' || partition_of($1)`,
      [organizationId],
    );
    return row?.done ?? false;
  };
  /** Waits until the relay has stored how far it is in another partition, after its turn in this one. */
  const goneOnElsewhere = async ({ organizationId }: ApiClient) => {
    let other = await app.createTestOrganization();
    while (partitionOf(other.organizationId) === partitionOf(organizationId))
      other = await app.createTestOrganization();
    await waitFor('the relay to go on elsewhere', () => reached(other));
  };

  it('waits for a newer process, unless its subscription is disabled', async () => {
    const { api, id } = await createWorld();
    const { id: subscription } = await api.subscribe(receiver.url, ['ConversationClosed']);
    await api.put(`/v1/conversations/${id}/close`);
    await goneOnElsewhere(api);
    expect([await reached(api), receiver.received]).toEqual([false, []]);
    await api.patch(`/v1/webhooks/${subscription}`, { enabled: false });
    await waitFor('the relay to go on', () => reached(api));
  });

  it('waits, too, if it is that event', async () => {
    const { api, id } = await createWorld();
    const { id: subscription } = await api.subscribe(receiver.url, ['TagCreated']);
    const subscribe = `UPDATE webhook_subscriptions SET events = events || '{ConversationArchived}' WHERE id = $1`;
    await app.database.sql(subscribe, [subscription]);
    await newer.archive(id, REASON, api);
    await goneOnElsewhere(api);
    expect(await reached(api)).toBe(false);
  });
});
