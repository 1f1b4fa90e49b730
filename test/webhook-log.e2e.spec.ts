import { keepLines } from '#libs/testing/log-lines.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let client: ApiClient;
let receiver: WebhookReceiver;
let lines: Record<string, any>[];
beforeAll(async () => {
  app = await startTestApp({
    worker: true,
    env: { LOG_LEVEL: 'info', WEBHOOK_RETRY_SCHEDULE: Array(10).fill('0.01').join(',') },
  });
  client = await app.createTestOrganization();
  receiver = await startWebhookReceiver();
  lines = keepLines(app.runtime.logger);
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

const of = (subscriptionId: string, level: string) =>
  lines.filter((line) => line.subscriptionId === subscriptionId && line.level === level);

async function subscribe(): Promise<string> {
  const input = { name: 'CRM', url: receiver.url, events: ['TagCreated'], authorization: { _type: 'NoAuth' } };
  return (await client.post('/v1/webhooks', input)).body.data.id as string;
}

describe('The log of a failing receiver', () => {
  it('warns of one failed attempt, and of the breaker that opens, however many attempts fail', async () => {
    receiver.answerWith(500, 'the payload, quoted');
    const subscriptionId = await subscribe();
    await client.post('/v1/tags', { name: 'a' });
    await waitFor(
      'the breaker to open',
      () => of(subscriptionId, 'warn').length === 2,
      () => lines.length,
    );
    const target = { organizationId: client.organizationId, subscriptionId };
    const [attempt, tripped] = of(subscriptionId, 'warn');
    expect(attempt).toMatchObject({ msg: 'webhook attempt', ...target, reason: 'refused: the status was 500' });
    expect(tripped).toMatchObject({ ...target, failures: 10, reason: 'refused: the status was 500' });
    expect(tripped?.msg).toContain('keeps failing');
    expect(of(subscriptionId, 'info')).toHaveLength(9);
    expect(JSON.stringify(lines)).not.toContain('quoted');
  });

  it('warns of a subscription that is disabled', async () => {
    receiver.answerWith(410);
    const subscriptionId = await subscribe();
    await client.post('/v1/tags', { name: 'b' });
    await waitFor('it to be disabled', () => of(subscriptionId, 'warn').length === 2);
    const target = { organizationId: client.organizationId, subscriptionId };
    expect(of(subscriptionId, 'warn')[1]).toMatchObject({ ...target, reason: 'gone' });
    expect(of(subscriptionId, 'warn')[1]?.msg).toContain('was disabled');
  });
});
