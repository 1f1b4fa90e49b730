import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { partitionOf } from '#libs/event-store/partitions.js';
import { CreateOrganization, CreateOrganizationHandler } from '#libs/organizations/organizations.handlers.js';
import { tagStream } from '#libs/tags/tag.stream.js';
import { type FaultyReceiver, startFaultyReceiver } from '#libs/testing/faulty-receiver.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { CONNECTIONS } from '#libs/webhooks/delivery/draining/attempt-places.js';
import { type Subscription, type SubscriptionCommand } from '#libs/webhooks/subscriptions/subscription.rules.js';
import { subscriptionStream } from '#libs/webhooks/subscriptions/subscription.stream.js';
import { type ApiClient } from './support/api-client.js';
import { holdUp } from './support/hold-up.js';
import { type ScriptedReceiver, startScriptedReceiver } from './support/scripted-receiver.js';
import { startTestApp, type TestApp } from './support/test-app.js';

/** So many that not all of their attempts find a place. */
const SUBSCRIPTIONS = 3_000;
/** A connection that is given up may still be open at the receiver while another has its place. */
const SHARE = 2 * CONNECTIONS.most;
const CREATED_AT_ONCE = 500;
const ORGANIZATIONS = 1_000;
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

type Owner = Pick<ApiClient, 'organizationId' | 'actorId'>;

/** Without a token: what many organizations do at once is not asked for over HTTP. */
async function createOrganization(): Promise<Owner> {
  const owner = { organizationId: randomUUID(), actorId: randomUUID() };
  const create = new CreateOrganization({ id: owner.organizationId, name: 'Test', actorId: owner.actorId });
  await new CreateOrganizationHandler(app.runtime.store).execute(create);
  return owner;
}

async function createTag(owner: Owner): Promise<void> {
  const id = randomUUIDv7();
  await app.runtime.store.handle(tagStream, id, owner, { type: 'CreateTag', id, name: 'VIP' });
}

/** Makes as many as the API would take too long to make one by one. */
async function subscribe({ organizationId, actorId }: Owner, url: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUIDv7());
  for (let first = 0; first < count; first += CREATED_AT_ONCE) {
    const commands = ids.slice(first, first + CREATED_AT_ONCE).map((id) => ({ id, command: creationOf(id, url) }));
    await app.runtime.store.handleAll(subscriptionStream, { organizationId, actorId }, commands);
  }
  return ids;
}

function creationOf(id: string, url: string): SubscriptionCommand {
  const subscription: Subscription = {
    id,
    url,
    name: 'test',
    enabled: true,
    events: ['TagCreated'],
    filters: {},
    ordering: 'unordered',
    maxPerSecond: null,
    authorization: { _type: 'NoAuth' },
    customHeaders: {},
    secretKey: 'ab'.repeat(32),
  };
  return { type: 'CreateSubscription', subscription, existing: 0 };
}

describe('While thousands of subscriptions of an organization hang', () => {
  let silent: FaultyReceiver;
  let mostOpen = 0;
  beforeAll(async () => {
    silent = await startFaultyReceiver(() => (mostOpen = Math.max(mostOpen, silent.open())));
    const noisy = await app.createTestOrganization();
    await subscribe(noisy, `http://127.0.0.1:${silent.port}/`, SUBSCRIPTIONS);
    await Promise.all(Array.from({ length: 2 }, (_, i) => noisy.createTag(`tag ${i}`)));
    await waitFor('all attempts that may hang', () => silent.open() >= CONNECTIONS.most, silent.open);
  });
  afterAll(() => silent.close());

  it('a delivery of another one arrives, and it has no more connections than its share', async () => {
    const quiet = await app.createTestOrganization();
    const [id] = (await subscribe(quiet, receiver.url('/'), 1)) as [string];
    await quiet.createTag('VIP');
    await waitFor('the delivery', () => receiver.of(id).length === 1);
    expect(mostOpen).toBeLessThanOrEqual(SHARE);
  });

  it('events of a thousand others at once are delivered, each once', async () => {
    const others = await Promise.all(Array.from({ length: ORGANIZATIONS }, createOrganization));
    const ids = (await Promise.all(others.map((other) => subscribe(other, receiver.url('/'), 1)))).flat();
    await Promise.all(others.map(createTag));
    const arrived = () => receiver.arrivals.filter(({ path }) => path === '/').map((arrival) => arrival.subscriptionId);
    await waitFor(
      'all deliveries',
      () => ids.every((id) => arrived().includes(id)),
      () => arrived().length,
    );
    expect(arrived().filter((id) => ids.includes(id))).toHaveLength(ORGANIZATIONS);
    expect(mostOpen).toBeLessThanOrEqual(SHARE);
  });
});

describe('While an organization', () => {
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
