import { MAX_POSITIONS } from '#libs/event-store/event-feed.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from '../support/api-client.js';
import { settled } from '../support/ledger.js';
import { ACCEPT, REFUSE, type ScriptedReceiver, startScriptedReceiver } from '../support/scripted-receiver.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Events that a recovery takes at once. */
const PAGE = 500;
const since = new Date(Date.now() - 3_600_000).toISOString();
const env = { WEBHOOK_RETRY_SCHEDULE: '0.2,0.2,0.2' };

let app: TestApp;
let worker: TestApp;
let receiver: ScriptedReceiver;
beforeAll(async () => {
  receiver = await startScriptedReceiver();
  app = await startTestApp();
  worker = await startTestApp({ worker: true, env, beside: app });
});
afterAll(async () => {
  await worker.close();
  await app.close();
  await receiver.close();
});

const books = (api: ApiClient, id: string) =>
  settled(app.database, api.organizationId, { subscriptions: [id], requests: receiver.arrivals });
const createTags = (api: ApiClient, count: number) =>
  Promise.all(
    Array.from({ length: 10 }, async (_, writer) => {
      for (let n = writer; n < count; n += 10) await api.createTag(`tag ${count} ${n}`);
    }),
  );
const recover = (api: ApiClient, id: string, onlyMissing: boolean) =>
  api.create(`/v1/webhooks/${id}/recover`, { since, onlyMissing }) as Promise<{ id: string }>;

/** Waits until it is, and answers how many events it has made due. */
async function finished(api: ApiClient, id: string, recovery: { id: string }): Promise<number> {
  const read = async () => (await api.get(`/v1/webhooks/${id}/recoveries/${recovery.id}`)).body.data;
  const isFinished = async () => {
    const data = await read();
    return data.state === 'finished' && data;
  };
  const done = await waitFor('the recovery to finish', isFinished, async () => JSON.stringify(await read()));
  return done.queued as number;
}

describe('A recovery', () => {
  it.concurrent(
    'sends all that was missed and nothing that was delivered, although asked for twice during traffic',
    async () => {
      const api = await app.createTestOrganization();
      const { id } = await api.subscribe(receiver.url('/missing'), ['TagCreated']);
      const patch = (enabled: boolean) => api.patch(`/v1/webhooks/${id}`, { enabled });
      await createTags(api, 20);
      await waitFor('some to be delivered', () => receiver.of(id).length === 20);
      receiver.behave('/missing', () => REFUSE);
      await createTags(api, 2);
      const failed = (await books(api, id)).filter(({ state }) => state === 'exhausted');
      expect(failed).toHaveLength(2);
      await patch(false);
      await createTags(api, 30);
      receiver.behave('/missing', () => ACCEPT);
      await patch(true);
      const traffic = createTags(api, 100);
      const asked = await Promise.all([recover(api, id, true), recover(api, id, true)]);
      await Promise.all([traffic, ...asked.map((recovery) => finished(api, id, recovery))]);
      const entries = await books(api, id);
      expect(entries).toHaveLength(152);
      const outcomes = entries.map((entry) => entry.outcomes.join());
      const givenUp = 'refused,refused,refused,refused,delivered';
      expect(new Set(outcomes)).toEqual(new Set(['delivered', givenUp]));
      expect(outcomes.filter((outcome) => outcome === givenUp)).toHaveLength(2);
    },
  );

  it.concurrent('of everything sends each event once more, each time it is asked for', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe(receiver.url('/everything'), ['TagCreated']);
    await createTags(api, 30);
    for (let times = 1; times <= 3; times++) {
      const entries = await books(api, id);
      expect(entries.map(({ outcomes }) => outcomes.length)).toEqual(Array.from({ length: 30 }, () => times));
      if (times < 3) expect(await finished(api, id, await recover(api, id, false))).toBe(30);
    }
  });

  it('goes on where a worker has stopped, through events from before the subscription was there', async () => {
    const api = await app.createTestOrganization();
    const count = 2 * PAGE + 50;
    await createTags(api, count);
    const { id } = await api.subscribe(receiver.url('/before'), ['TagCreated']);
    await app.database.sql(FAIL_AFTER_A_PAGE);
    const recovery = await recover(api, id, true);
    const progress = async () => {
      const text = 'SELECT examined, queued FROM webhook_recovery_progress WHERE recovery_id = $1';
      return (await app.database.sql<{ examined: number; queued: number }>(text, [recovery.id]))[0];
    };
    await waitFor('the first page', async () => (await progress())?.examined === PAGE);
    await othersAreRetried();
    await worker.close();
    expect(await progress()).toEqual({ examined: PAGE, queued: PAGE });
    await app.database.sql('DROP FUNCTION fail CASCADE');
    worker = await startTestApp({ worker: true, env, beside: app });
    expect(await finished(api, id, recovery)).toBe(count);
    const entries = await books(api, id);
    expect(entries).toHaveLength(count);
    expect(new Set(entries.map(({ outcomes }) => outcomes.join()))).toEqual(new Set(['delivered']));
  });

  it('looks at so many positions at a time, also where there is nothing for it', async () => {
    const api = await app.createTestOrganization();
    await app.database.sql(RECORD_STEPS);
    await api.createTag('first');
    await app.database.sql(
      `INSERT INTO events (organization_id, stream, version, position, event_id, type, schema_version, data, metadata, recorded_at)
       SELECT $1, 'counter-' || n, 1, nextval('event_position'), uuidv7(), 'CounterRaised', 1, '{}', '{}', now()
       FROM generate_series(1, $2) AS n`,
      [api.organizationId, 2 * MAX_POSITIONS],
    );
    await api.createTag('last');
    const { id } = await api.subscribe(receiver.url('/far'), ['TagCreated']);
    const recovery = await recover(api, id, true);
    expect(await finished(api, id, recovery)).toBe(2);
    const text = 'SELECT step::int FROM recovery_steps WHERE recovery_id = $1';
    const steps = (await app.database.sql<{ step: number }>(text, [recovery.id])).map(({ step }) => step);
    expect(Math.max(...steps)).toBeLessThanOrEqual(MAX_POSITIONS);
    expect(steps.length).toBeGreaterThan(2);
    expect(await books(api, id)).toHaveLength(2);
  });
});

/** Another organization's delivery fails once, and comes again, whatever keeps recoveries from going on. */
async function othersAreRetried(): Promise<void> {
  const other = await app.createTestOrganization();
  receiver.behave('/other', ({ attempt }) => (attempt === 1 ? REFUSE : ACCEPT));
  const { id } = await other.subscribe(receiver.url('/other'), ['TagCreated']);
  await createTags(other, 1);
  await waitFor('the retry', () => receiver.of(id).length === 2);
}

/** Recoveries cannot get beyond their first page. */
const FAIL_AFTER_A_PAGE = `
  CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
  CREATE TRIGGER fail BEFORE UPDATE ON webhook_recovery_progress FOR EACH ROW WHEN (OLD.examined > 0)
    EXECUTE FUNCTION fail()`;

/** How far each page of a recovery goes. */
const RECORD_STEPS = `
  CREATE TABLE recovery_steps (recovery_id uuid, step bigint);
  CREATE FUNCTION record_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO recovery_steps VALUES (NEW.recovery_id, NEW.position - OLD.position);
    RETURN NEW;
  END $$;
  CREATE TRIGGER record_step BEFORE UPDATE ON webhook_recovery_progress FOR EACH ROW EXECUTE FUNCTION record_step()`;
