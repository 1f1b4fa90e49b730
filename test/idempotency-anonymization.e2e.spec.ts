import { randomUUID } from 'node:crypto';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { streamName } from '#libs/event-store/stream-definition.js';
import { type KeyedRequest, keepRequest } from '#libs/http/idempotency-keys.js';
import { IdempotencyRetention } from '#libs/http/idempotency-retention.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from './support/api-client.js';
import { dumpOf } from './support/dump.js';
import { holdUp } from './support/hold-up.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp({ worker: true });
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
});

const keyed = (method: string, path: string, body: unknown, key: string) =>
  api.send(method, path, body, { 'idempotency-key': key });

interface Kept {
  fingerprint: string;
  answer: string | null;
  created_at: Date;
}
const kept = () =>
  app.database.sql<Kept>('SELECT * FROM idempotency_keys WHERE organization_id = $1 ORDER BY created_at', [
    api.organizationId,
  ]);

async function anonymized(userId: string): Promise<void> {
  const { data } = (await api.patch(`/v1/endusers/${userId}/anonymize?force=true`)).body;
  const isProcessed = async () => (await api.get(`/v1/anonymization/request/${data.id}`)).body.data.processedAt;
  await waitFor('the anonymization', isProcessed);
}

describe('Anonymizing an end user', () => {
  it('empties the answers that may tell of the end user, of changes and of what changed nothing', async () => {
    const alice = { displayName: 'Zaphira', email: 'zaphira@quibblesworth.example' };
    const create = await keyed('POST', '/v1/endusers', alice, 'create');
    const path = `/v1/endusers/${create.body.data.id}`;
    await keyed('PATCH', path, { firstName: 'Zaphira' }, 'change');
    await keyed('PATCH', path, { firstName: 'Zaphira' }, 'no change');
    await keyed('POST', '/v1/endusers/bulk', { data: [{ ...alice, displayName: 'Other' }] }, 'taken address');
    const mail = { _type: 'Email', requesterId: create.body.data.id, emailIntegrationId: 'x@y.example', subject: 'x' };
    const message = { _type: 'Inbound', content: { _type: 'Text', value: 'x' } };
    expect((await keyed('POST', '/v1/conversations', { ...mail, message }, 'conversation')).status).toBe(201);
    expect((await keyed('POST', '/v1/tags', { name: 'VIP' }, 'unrelated')).status).toBe(200);
    expect((await kept()).filter(({ answer }) => answer)).toHaveLength(6);

    await anonymized(create.body.data.id);
    const rows = await kept();
    expect(rows.map(({ answer, fingerprint }) => [answer !== null, fingerprint !== ''])).toEqual([
      ...Array.from({ length: 5 }, () => [false, false]),
      [true, true],
    ]);
    const again = await keyed('POST', '/v1/endusers', alice, 'create');
    expect([again.status, again.body.code]).toEqual([409, 'conflict']);
    expect(again.body.message).toContain('its answer is not stored');
    expect((await keyed('POST', '/v1/tags', { name: 'VIP' }, 'unrelated')).headers.get('idempotent-replayed')).toBe(
      'true',
    );
    expect(await dumpOf((text) => app.database.sql(text))).not.toMatch(/zaphira|quibblesworth/i);
  });

  it('waits for an answer that is being kept, and empties it as well', async () => {
    const user = await api.create('/v1/endusers', { displayName: 'Zaphira' });
    await app.database.sql(`
      CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END $$;
      CREATE TRIGGER dawdle BEFORE INSERT ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION dawdle()`);
    const release = await holdUp(app, 'SELECT pg_advisory_xact_lock(42)');
    const reading = keyed('PATCH', `/v1/endusers/${user.id}`, { displayName: 'Zaphira' }, 'k');
    let processed: Promise<void> = Promise.resolve();
    await release(async () => {
      processed = anonymized(user.id);
      await waitFor('the anonymization to wait', async () => {
        const waits = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE FROM stream_keys%'`;
        return (await app.database.sql(waits)).length > 0;
      });
    });
    await app.database.sql('DROP TRIGGER dawdle ON idempotency_keys');
    expect((await reading).body.data.displayName).toBe('Zaphira');
    await processed;
    expect((await kept()).map(({ answer }) => answer)).toEqual([null]);
  });
});

describe('An answer', () => {
  const request = (): KeyedRequest => ({
    organizationId: api.organizationId,
    tokenId: randomUUID(),
    key: 'k',
    fingerprint: 'f',
  });

  it('is not kept when it may tell of somebody who has been forgotten meanwhile', async () => {
    const { database } = app.runtime;
    const user = await api.create('/v1/endusers', { displayName: 'Alice' });
    const known = streamName(endUserStream, user.id);
    const forgotten = streamName(endUserStream, randomUUID());
    await database.write(api.organizationId, [keepRequest(request(), 'sealed', [known])]);
    await database.write(api.organizationId, [keepRequest(request(), 'sealed', [known, forgotten])]);
    expect((await kept()).map(({ answer, fingerprint }) => [answer, fingerprint])).toEqual([
      ['sealed', 'f'],
      [null, ''],
    ]);
  });

  it('is dropped a day later, and none before', async () => {
    for (const key of ['old', 'young']) await keyed('POST', '/v1/teams', { name: key }, key);
    await app.database.sql(
      `UPDATE idempotency_keys SET created_at = now() - interval '24 hours' + CASE fingerprint WHEN $2 THEN interval '-1 second' ELSE interval '1 minute' END
       WHERE organization_id = $1`,
      [api.organizationId, (await kept())[0]?.fingerprint],
    );
    await app.get(IdempotencyRetention).run();
    expect(await kept()).toHaveLength(1);
    expect((await keyed('POST', '/v1/teams', { name: 'young' }, 'young')).headers.get('idempotent-replayed')).toBe(
      'true',
    );
  });

  it('of more than 1 MB is not kept, but that the request was carried out is', async () => {
    const middleNames = Array.from({ length: 4 }, () => 'n'.repeat(160));
    const data = Array.from({ length: 1000 }, () => ({ displayName: 'x'.repeat(200), middleNames }));
    const first = await keyed('POST', '/v1/endusers/bulk', { data }, 'k');
    expect(first.status).toBe(201);
    const again = await keyed('POST', '/v1/endusers/bulk', { data }, 'k');
    expect([again.status, again.body.message]).toEqual([409, expect.stringContaining('its answer is not stored')]);
    expect((await keyed('POST', '/v1/endusers/bulk', { data: [{ displayName: 'Other' }] }, 'k')).status).toBe(422);
  });
});
