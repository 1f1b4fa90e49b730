import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from '../support/api-client.js';
import { settled } from '../support/ledger.js';
import { ACCEPT, HANG, type ScriptedReceiver, startScriptedReceiver } from '../support/scripted-receiver.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const MANY = 10_000;
/** Much less than the attempts at a receiver that hangs take. */
const STUCK_MS = 60_000;

let app: TestApp;
let receiver: ScriptedReceiver;
beforeAll(async () => {
  receiver = await startScriptedReceiver();
  const env = { WEBHOOK_TIMEOUT_SECONDS: '1', WEBHOOK_RETRY_SCHEDULE: '0.2,0.2,0.2,0.2,0.2,0.2,0.2,0.2' };
  app = await startTestApp({ worker: true, env });
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

/** Deliveries of many events, which have failed once and are due again. Answers the events. */
async function retries(api: ApiClient, subscriptions: string[]): Promise<string[]> {
  const rows = await app.database.sql<{ id: string }>(
    `WITH event AS (SELECT uuidv7() AS id, position FROM generate_series(1, $3) AS position
     ), message AS (
       INSERT INTO webhook_messages (organization_id, event_id, event_name, body)
       SELECT $1, id, 'TagCreated', '{}' FROM event
     ), delivery AS (
       INSERT INTO webhook_deliveries (organization_id, subscription_id, event_id, event_name, position, attempts)
       SELECT $1, s, id, 'TagCreated', position, 1 FROM event, unnest($2::uuid[]) s
     ), attempt AS (
       INSERT INTO webhook_attempts (organization_id, subscription_id, event_id, event_name, number, outcome, started_at,
         duration_ms, response_text)
       SELECT $1, s, id, 'TagCreated', 1, 'dns_error', now() - interval '1 minute', 1, '' FROM event, unnest($2::uuid[]) s
     ), health AS (
       INSERT INTO webhook_health (organization_id, subscription_id) SELECT $1, s FROM unnest($2::uuid[]) s
     )
     SELECT id FROM event`,
    [api.organizationId, subscriptions, MANY],
  );
  return rows.map(({ id }) => id);
}

describe('Many deliveries that are due at once', () => {
  it.concurrent(
    'are all made, also those to a receiver that hangs at first, and hold up no others meanwhile',
    async () => {
      const api = await app.createTestOrganization();
      receiver.behave('/hanging', () => HANG);
      const hanging = await api.subscribe(receiver.url('/hanging'), ['TagDeleted']);
      const well = await api.subscribe(receiver.url('/well'), ['TagDeleted']);
      const events = await retries(api, [hanging.id, well.id]);
      // More than once where an answer came too late.
      const arrived = () => new Set(receiver.of(well.id).map(({ eventId }) => eventId)).size;
      await waitFor('the receiver that is well to have all', () => arrived() === MANY, arrived);
      receiver.behave('/hanging', () => ACCEPT);
      const books = { subscriptions: [hanging.id, well.id], events, requests: receiver.arrivals };
      const entries = await settled(app.database, api.organizationId, books);
      expect(new Set(entries.map(({ state }) => state))).toEqual(new Set(['delivered']));
    },
  );

  it.concurrent('for a receiver that hangs do not keep other subscribers waiting', async () => {
    const api = await app.createTestOrganization();
    receiver.behave('/stuck', () => HANG);
    const stuck = await api.subscribe(receiver.url('/stuck'), ['TagDeleted']);
    await retries(api, [stuck.id]);
    const other = await app.createTestOrganization();
    const { id } = await other.subscribe(receiver.url('/other'), ['TagCreated']);
    await waitFor(
      'attempts that hang',
      () => receiver.of(stuck.id).length >= 10,
      () => receiver.of(stuck.id).length,
    );
    // The first of each: there are more where an answer came too late.
    const arrived = () => [...Map.groupBy(receiver.of(id), ({ eventId }) => eventId).values()].map(([first]) => first);
    const latencies: number[] = [];
    for (let count = 1; count <= 30; count++) {
      await other.createTag(`tag ${count}`);
      const createdAt = performance.now();
      await waitFor('it to come', () => arrived().length === count);
      latencies.push((arrived()[count - 1]?.at ?? Infinity) - createdAt);
    }
    expect(Math.max(...latencies)).toBeLessThan(STUCK_MS);
    await settled(app.database, other.organizationId, { subscriptions: [id], requests: receiver.arrivals });
  });
});
