import { randomUUID } from 'node:crypto';
import { partitionOf } from '#libs/event-store/partitions.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { CONNECTIONS } from '#libs/webhooks/delivery/attempt-places.js';
import { FIRST_ATTEMPTS } from '#libs/webhooks/delivery/window.js';
import { type ApiClient } from './support/api-client.js';
import { holdUp } from './support/hold-up.js';
import { HANG, type ScriptedReceiver, startScriptedReceiver } from './support/scripted-receiver.js';
import { startTestApp, type TestApp } from './support/test-app.js';

/** So many that not all of their attempts find a place. */
const SUBSCRIPTIONS = 520;
const EVENTS = 10;
const HANGING = Math.min(SUBSCRIPTIONS * FIRST_ATTEMPTS, CONNECTIONS.most);
/** More than there are connections for requests under keys. */
const KEYED = 12;

let app: TestApp;
let receiver: ScriptedReceiver;
beforeAll(async () => {
  receiver = await startScriptedReceiver();
  app = await startTestApp({ worker: true, env: { WEBHOOK_TIMEOUT_SECONDS: '60' } });
});
afterAll(async () => {
  // What hangs ends together with the receiver.
  await receiver.close();
  await app.close();
});

const keyed = (api: ApiClient, method: string, path: string, body: unknown) =>
  api.send(method, path, body, { 'idempotency-key': randomUUID() });

describe('While an organization', () => {
  it('has hundreds of attempts that hang, a delivery of another one arrives', async () => {
    const [noisy, quiet] = [await app.createTestOrganization(), await app.createTestOrganization()];
    receiver.behave('/hang', () => HANG);
    const subscribe = () => noisy.subscribe(receiver.url('/hang'), ['TagCreated']);
    await Promise.all(Array.from({ length: SUBSCRIPTIONS }, subscribe));
    const { id } = await quiet.subscribe(receiver.url('/'), ['TagCreated']);
    await Promise.all(Array.from({ length: EVENTS }, (_, i) => noisy.createTag(`tag ${i}`)));
    const hanging = () => receiver.arrivals.filter(({ path }) => path === '/hang').length;
    await waitFor('all attempts that may hang', () => hanging() === HANGING, hanging);
    await quiet.createTag('VIP');
    await waitFor('the delivery', () => receiver.of(id).length === 1);
    expect(hanging()).toBe(HANGING);
  });

  it('has an event of which no delivery can be made, those of another are made', async () => {
    const broken = await app.createTestOrganization();
    let quiet = await app.createTestOrganization();
    while (partitionOf(quiet.organizationId) === partitionOf(broken.organizationId)) {
      quiet = await app.createTestOrganization();
    }
    await broken.subscribe(receiver.url('/'), ['TagCreated']);
    const { id } = await quiet.subscribe(receiver.url('/'), ['TagCreated']);
    // Both are on one page; what one of them says makes no sense.
    await app.database.sql(
      `INSERT INTO events (organization_id, stream, version, event_id, type, schema_version, data, metadata, recorded_at, position)
       SELECT $1, 'tag-' || $2, 1, uuidv7(), 'TagCreated', 1, 'null', '{}', now(), nextval('event_position')`,
      [broken.organizationId, randomUUID()],
    );
    await quiet.createTag('VIP');
    await waitFor('the delivery', () => receiver.of(id).length === 1);
    await quiet.createTag('New');
    await waitFor('the next delivery', () => receiver.of(id).length === 2);
  });

  it('has more requests under keys that wait than there are connections, one of another is carried out', async () => {
    const [noisy, quiet] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const { id } = await noisy.create('/v1/endusers', { displayName: 'Alice' });
    const release = await holdUp(
      app,
      `SELECT set_config('app.org', '${noisy.organizationId}', true); SELECT FROM end_users WHERE id = '${id}' FOR UPDATE`,
    );
    const change = () => keyed(noisy, 'PATCH', `/v1/endusers/${id}`, { displayName: randomUUID() });
    const waiting = Promise.all(Array.from({ length: KEYED }, change));
    await release(async () => {
      expect((await keyed(quiet, 'POST', '/v1/tags', { name: 'VIP' })).status).toBe(200);
      expect((await quiet.post('/v1/tags', { name: 'New' })).status).toBe(200);
    });
    const statuses = (await waiting).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(statuses.every((status) => [200, 409, 503].includes(status))).toBe(true);
  });

  it('has bulk requests under keys that wait for each other, its other requests and those of another are carried out', async () => {
    const [noisy, quiet] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const { id } = await noisy.create('/v1/endusers', { displayName: 'Alice' });
    const release = await holdUp(
      app,
      `SELECT set_config('app.org', '${noisy.organizationId}', true); SELECT FROM end_users WHERE id = '${id}' FOR UPDATE`,
    );
    const bulk = () => keyed(noisy, 'PATCH', '/v1/endusers', { data: [{ id, displayName: randomUUID() }] });
    const waiting = Promise.all(Array.from({ length: KEYED }, bulk));
    await release(async () => {
      for (const api of [noisy, quiet]) {
        expect((await keyed(api, 'POST', '/v1/tags', { name: 'VIP' })).status).toBe(200);
      }
    });
    expect((await waiting).map(({ status }) => status)).toEqual(Array.from({ length: KEYED }, () => 200));
  });
});
