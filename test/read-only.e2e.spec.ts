import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp();
  api = await app.createTestOrganization();
});
afterAll(() => app.close());

const name = async () => (await app.database.sql<{ name: string }>('SELECT current_database() AS name'))[0]?.name;
/** What a failover leaves behind: the server goes on, and takes no changes any more. */
async function setReadOnly(readOnly: boolean): Promise<void> {
  await app.database.sql(
    `SET transaction_read_only = off; ALTER DATABASE ${await name()} SET default_transaction_read_only = ${readOnly}`,
  );
  await app.database.sql(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

describe('While the database takes no changes', () => {
  it('writes are refused for the time being, the process is not ready, and all goes on when it does', async () => {
    await setReadOnly(true);
    const refused = await waitFor('a write to be refused', async () => {
      const answer = await api.post('/v1/tags', { name: 'VIP' });
      return answer.body.message?.includes('read-only') && answer;
    });
    expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([503, 'unavailable', '5']);
    const keyed = await api.send('POST', '/v1/tags', { name: 'VIP' }, { 'idempotency-key': 'once' });
    expect([keyed.status, keyed.headers.get('retry-after')]).toEqual([503, '5']);
    const health = await api.get('/health');
    expect([health.status, health.body.message]).toEqual([503, refused.body.message]);
    await setReadOnly(false);
    await waitFor('the process to be ready', async () => (await api.get('/health')).status === 200);
    expect((await api.send('POST', '/v1/tags', { name: 'VIP' }, { 'idempotency-key': 'once' })).status).toBe(200);
  });
});

describe('A write that the database cannot carry out just now', () => {
  beforeAll(async () => {
    await app.database.sql(`
      CREATE FUNCTION fail_by_name() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = NEW.name; END $$;
      CREATE TRIGGER fail BEFORE INSERT ON tags FOR EACH ROW WHEN (NEW.name ~ '^[0-9A-Z]{5}$')
        EXECUTE FUNCTION fail_by_name()`);
  });

  it.each([
    ...['08006', '08P01', '25006', '25P03', '25P04', '40001', '40P01', '53000', '53100', '53200', '53300', '53400'],
    ...['55P03', '57014', '57P01', '57P02', '57P03', '57P05', '58000', '58030', 'XX000'],
  ])('is refused with 503, and when to come again: %s', async (state) => {
    const plain = await api.post('/v1/tags', { name: state });
    const keyed = await api.send('POST', '/v1/tags', { name: state }, { 'idempotency-key': state });
    for (const { status, body, headers } of [plain, keyed]) {
      expect([status, body.code]).toEqual([503, 'unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
  });

  it('is a fault of ours when the database says so', async () => {
    expect((await api.post('/v1/tags', { name: '22012' })).status).toBe(500);
  });
});
