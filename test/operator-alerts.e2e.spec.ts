import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { type WorkerDatabase } from '#libs/database/database.js';
import { staged } from '#libs/event-store/staged.js';
import { tagStream } from '#libs/tags/tag.stream.js';
import { connectTo } from '#libs/testing/connections.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { OperatorAlerts } from '#libs/webhooks/delivery/operator-alerts.js';
import { readLag } from '#libs/webhooks/delivery/relaying/relay-metrics.js';
import { RelayWatch } from '#libs/webhooks/delivery/relaying/relay-watch.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const SECRET = randomBytes(32).toString('hex');

let app: TestApp;
let [operator, receiver]: WebhookReceiver[] = [];
beforeAll(async () => {
  [operator, receiver] = [await startWebhookReceiver(), await startWebhookReceiver()];
  app = await startTestApp({
    worker: true,
    env: {
      // The last pause leaves time to let the operator's receiver recover.
      WEBHOOK_RETRY_SCHEDULE: `${'0.01,'.repeat(9)}3`,
      OPERATOR_WEBHOOK_URL: operator.url,
      OPERATOR_WEBHOOK_SECRET: SECRET,
    },
  });
});
afterAll(async () => {
  await app.close();
  await operator?.close();
  await receiver?.close();
});

/** Returns the verified alerts of a type about a subscription. */
function alerts(type: string, subscriptionId?: string): any[] {
  const verifier = new Webhook(Buffer.from(SECRET, 'hex').toString('base64'));
  return (operator?.received ?? [])
    .map(({ body, headers }) => verifier.verify(body, headers as Record<string, string>) as any)
    .filter((alert) => alert.type === type && alert.data.subscriptionId === subscriptionId);
}

describe("The operator's webhook", () => {
  it('gets signed alerts of a failing subscription and its exhausted delivery, once each, also after a failure', async () => {
    operator?.answerWith(500);
    receiver?.answerWith(500);
    const client = await app.createTestOrganization();
    const { id } = await client.subscribe(receiver?.url ?? '', ['TagCreated']);
    for (const name of ['a', 'b']) await client.post('/v1/tags', { name });
    await waitFor(
      'an attempt',
      () => operator?.received.length,
      () => receiver?.received.length,
    );
    operator?.answerWith(200);
    const failing = await waitFor(
      'the alert',
      () => alerts('subscription.failing', id).at(-1),
      () => operator?.received.length,
    );
    expect(failing.data).toEqual({ organizationId: client.organizationId, subscriptionId: id, outcome: 'refused' });
    const exhausted = await waitFor(
      'the last attempt',
      () => alerts('delivery.exhausted', id)[0],
      () => receiver?.received.length,
    );
    expect(exhausted.data).toMatchObject({ subscriptionId: id, event: 'TagCreated', attempts: 11, outcome: 'refused' });
    expect(new Set(alerts('subscription.failing', id).map((alert) => alert.id)).size).toBe(1);
  });

  it('gets an alert of a disabled subscription', async () => {
    receiver?.answerWith(410);
    const client = await app.createTestOrganization();
    const { id } = await client.subscribe(receiver?.url ?? '', ['TagCreated']);
    await client.post('/v1/tags', { name: 'a' });
    const alert = await waitFor('the alert', () => alerts('subscription.disabled', id)[0]);
    expect(alert.data).toEqual({ organizationId: client.organizationId, subscriptionId: id, reason: 'gone' });
  });

  it('gets an alert of a relay that stands still, here because a writer was suspended in the middle of an append', async () => {
    const { organizationId, actorId } = await app.createTestOrganization();
    const writer = await connectTo(app.database.appUrl, 'deskstream_app');
    const lock = `position_lock(partition_of($1), pg_sequence_last_value('event_position'))`;
    await writer.query('BEGIN');
    await writer.query(`SELECT pg_advisory_xact_lock_shared(${lock})`, [organizationId]);
    const id = randomUUID();
    const created = staged(tagStream, id, { state: undefined, version: 0 }, [
      { type: 'TagCreated', data: { id, name: 'VIP' } },
    ]);
    await app.runtime.store.commit([created], { organizationId, actorId }, [], new Date(Date.now() - 30_000));
    await app.get(RelayWatch).run();
    const { data } = await waitFor('the alert', () => alerts('relay.behind')[0]);
    expect(Object.keys(data)).toEqual(['events', 'seconds']);
    expect(data.seconds).toBeGreaterThanOrEqual(30);
    await writer.end();
    const lag = () => readLag(app.runtime.worker?.database as WorkerDatabase);
    await waitFor('the relay to go on', async () => (await lag()).events === 0);
  });

  it('has 100 alerts under way at most, and tells how many were left out', async () => {
    const raise = (subscriptionId: string) => {
      app.get(OperatorAlerts).raise('delivery.exhausted', { subscriptionId });
    };
    for (let index = 0; index < 150; index++) raise(`s${index}`);
    await waitFor('100', () => alerts('delivery.exhausted', 's99').length);
    await waitFor('the next', () => {
      raise('next');
      return alerts('delivery.exhausted', 'next').length;
    });
    expect(alerts('delivery.exhausted', 's100')).toEqual([]);
    expect(alerts('delivery.exhausted', 'next')[0].omitted).toBeGreaterThanOrEqual(50);
  });
});
