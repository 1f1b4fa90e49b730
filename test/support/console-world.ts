import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type ApiClient } from './api-client.js';
import { createSupportTeam, emailFrom } from './support-team.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What an operator looks at: a receiver that fails, one that works, and conversations in two states. */
export interface ConsoleWorld {
  app: TestApp;
  api: ApiClient;
  receiver: WebhookReceiver;
  failingId: string;
  conversationId: string;
  closedId: string;
  close(): Promise<void>;
}

export async function createConsoleWorld(): Promise<ConsoleWorld> {
  const env = { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8', WEBHOOK_RETRY_SCHEDULE: '0.2' };
  const app = await startTestApp({ worker: true, env });
  const api = await app.createTestOrganization();
  const [receiver, healthy] = await Promise.all([startWebhookReceiver(), startWebhookReceiver()]);
  receiver.answerWith(500, 'The shop is closed');
  const { id: failingId } = await api.subscribe(receiver.url, ['TagCreated'], { name: 'Web shop' });
  await api.subscribe(healthy.url, ['TagCreated'], { name: 'Warehouse' });
  const { userId, agentId } = await createSupportTeam(api);
  const conversationId = String((await api.create('/v1/conversations', emailFrom(userId))).id);
  const closed = await api.create('/v1/conversations', emailFrom(userId, { subject: 'Invoice <b>42</b>' }));
  await api.put(`/v1/conversations/${closed.id}/close`, { userId: agentId });
  await waitFor('a delivery to be given up', async () => {
    const { body } = await api.get(`/v1/webhooks/${failingId}/deliveries?state=exhausted`);
    return body.data.length > 0;
  });
  const close = async () => {
    await app.close();
    await Promise.all([receiver.close(), healthy.close()]);
  };
  return { app, api, receiver, failingId, conversationId, closedId: String(closed.id), close };
}
