import { DataSource } from 'typeorm';
import { WebhookCancellations1764000000023 } from '#migrations/1764000000023-webhook-cancellations.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('An installation from before subscriptions kept all their keys', () => {
  it('keeps the key that its last rotation replaced, for its time, when it is upgraded', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe('http://127.0.0.1:9/hook', ['TagCreated']);
    const untouched = await api.subscribe('http://127.0.0.1:9/hook', ['TagCreated']);
    await api.post(`/v1/webhooks/${id}/rotate-secret`, { overlapHours: 5 });
    const before = (await api.get('/v1/webhooks')).body.data;
    const stored = () => app.database.sql('SELECT id, previous_secrets FROM webhook_subscriptions ORDER BY id');
    const rows = await stored();
    const dataSource = await new DataSource({ type: 'postgres', url: app.database.ownerUrl }).initialize();
    try {
      const migration = new WebhookCancellations1764000000023();
      await migration.down(dataSource.createQueryRunner());
      const [older] = await app.database.sql<{ until: Date | null }>(
        'SELECT previous_secret_until AS until FROM webhook_subscriptions WHERE id = $1',
        [id],
      );
      const shown = before.find((one: { id: string }) => one.id === id);
      expect(older?.until?.toISOString()).toBe(shown.previousSecretUntil);
      await migration.up(dataSource.createQueryRunner());
    } finally {
      await dataSource.destroy();
    }
    expect(await stored()).toEqual(rows);
    expect((await api.get('/v1/webhooks')).body.data).toEqual(before);
    expect((await api.get(`/v1/webhooks/${untouched.id}`)).body.data).not.toHaveProperty('previousSecretsUntil');
    expect((await api.patch(`/v1/webhooks/${id}`, { events: [] })).status).toBe(200);
  });
});
