import { connectTo } from '#libs/testing/connections.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { Retention } from '#libs/webhooks/delivery/retention.js';
import { type ApiClient } from '../support/api-client.js';
import { settled } from '../support/ledger.js';
import { type ScriptedReceiver, startScriptedReceiver } from '../support/scripted-receiver.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Rows of each kind. */
const OLD = 5_000;
/** What one transaction drops at most. */
const BATCH = 2_000;

let app: TestApp;
let receiver: ScriptedReceiver;
let api: ApiClient;
beforeAll(async () => {
  receiver = await startScriptedReceiver();
  const env = { WEBHOOK_RETENTION_DAYS: '10', WEBHOOK_DELIVERY_RETENTION_DAYS: '100' };
  app = await startTestApp({ worker: true, env });
  await app.database.sql(NOTE_BATCHES);
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});
beforeEach(async () => {
  api = await app.createTestOrganization();
});

/** Notes how many rows each statement deletes. */
const NOTE_BATCHES = `
  CREATE TABLE batches (dropped_from text, rows integer);
  CREATE FUNCTION note_batch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO batches SELECT TG_TABLE_NAME, count(*) FROM dropped;
    RETURN NULL;
  END $$;
  ${['messages', 'deliveries', 'attempts']
    .map(
      (name) => `CREATE TRIGGER note_batch AFTER DELETE ON webhook_${name} REFERENCING OLD TABLE AS dropped
                 FOR EACH STATEMENT EXECUTE FUNCTION note_batch();`,
    )
    .join('\n')}`;

/** Deliveries as they stand after so many days, each with its payload and the attempt that failed. */
async function old(subscriptionId: string, days: number, state: string, count: number): Promise<string[]> {
  const rows = await app.database.sql<{ id: string }>(
    `WITH event AS (SELECT uuidv7() AS id, position, now() - make_interval(days => $3) AS at
       FROM generate_series(1, $5) AS position
     ), message AS (
       INSERT INTO webhook_messages (organization_id, event_id, event_name, body, created_at)
       SELECT $1, id, 'TagCreated', '{}', at FROM event
     ), delivery AS (
       INSERT INTO webhook_deliveries (organization_id, subscription_id, event_id, event_name, position, attempts, state,
         created_at, finished_at)
       SELECT $1, $2, id, 'TagCreated', position, 1, $4, at, CASE WHEN $4 <> 'pending' THEN at END FROM event
     ), attempt AS (
       INSERT INTO webhook_attempts (organization_id, subscription_id, event_id, event_name, number, outcome, started_at,
         duration_ms, response_text)
       SELECT $1, $2, id, 'TagCreated', 1, 'dns_error', at, 1, '' FROM event
     )
     SELECT id FROM event`,
    [api.organizationId, subscriptionId, days, state, count],
  );
  return rows.map(({ id }) => id);
}

const rowsOf = async (table: string, events: string[]) =>
  (await app.database.sql(`SELECT FROM webhook_${table} WHERE event_id = ANY($1)`, [events])).length;

/** How many deliveries of these events there are, with how many payloads and attempts. */
const kept = async (events: string[]) => ({
  deliveries: await rowsOf('deliveries', events),
  payloads: await rowsOf('messages', events),
  attempts: await rowsOf('attempts', events),
});

describe('Retention', () => {
  it('drops what is old in small batches while deliveries go on, and never what is still to be sent', async () => {
    const { id } = await api.subscribe(receiver.url('/'), ['TagCreated']);
    const parked = await api.subscribe(receiver.url('/parked'), ['TagDeleted'], { enabled: false });
    const [recent, past, ancient, waiting] = [
      await old(parked.id, 9, 'exhausted', 10),
      await old(parked.id, 11, 'exhausted', OLD),
      await old(parked.id, 101, 'exhausted', OLD),
      await old(parked.id, 101, 'pending', 10),
    ];
    const traffic = (async () => {
      for (let count = 0; count < 50; count++) await api.createTag(`tag ${count}`);
    })();
    await app.get(Retention).run();
    await traffic;
    await settled(app.database, api.organizationId, { subscriptions: [id], requests: receiver.arrivals });
    expect(await kept(recent)).toEqual({ deliveries: 10, payloads: 10, attempts: 10 });
    expect(await kept(past)).toEqual({ deliveries: OLD, payloads: 0, attempts: 0 });
    expect(await kept(ancient)).toEqual({ deliveries: 0, payloads: 0, attempts: 0 });
    expect(await kept(waiting)).toEqual({ deliveries: 10, payloads: 10, attempts: 0 });
    const batches = await app.database.sql<{ rows: number }>('SELECT rows FROM batches WHERE rows > 0');
    expect(Math.max(...batches.map(({ rows }) => rows))).toBe(BATCH);
    await app.database.sql(
      'INSERT INTO webhook_health (organization_id, subscription_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [api.organizationId, parked.id],
    );
    await api.patch(`/v1/webhooks/${parked.id}`, { enabled: true });
    await waitFor('what waited to be sent', () => receiver.of(parked.id).length === 10);
    expect(new Set(receiver.of(parked.id).map(({ eventId }) => eventId))).toEqual(new Set(waiting));
  });

  it('does not wait for rows that somebody else holds', async () => {
    const { id } = await api.subscribe(receiver.url('/'), []);
    const past = await old(id, 11, 'exhausted', 20);
    const holder = await connectTo(app.database.ownerUrl);
    await holder.query('BEGIN');
    await holder.query('SELECT FROM webhook_attempts WHERE event_id = $1 FOR UPDATE', [past[0]]);
    await app.get(Retention).run();
    expect(await kept(past)).toEqual({ deliveries: 20, payloads: 0, attempts: 1 });
    await holder.query('COMMIT');
    await holder.end();
    await app.get(Retention).run();
    expect(await kept(past)).toEqual({ deliveries: 20, payloads: 0, attempts: 0 });
  });
});
