import { randomUUID } from 'node:crypto';
import { RowRenewal } from '#apps/worker/row-renewal.js';
import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { READ_TABLES, STREAMS } from '#libs/resources/resources.js';
import { type ApiClient } from './support/api-client.js';
import { holdUp } from './support/hold-up.js';
import { createSupportTeam, emailFrom, type SupportTeam } from './support/support-team.js';
import { tableRows } from './support/table-rows.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let team: SupportTeam;
let conversationId: number;
let conversationAttribute: string;
let paths: string[];

beforeAll(async () => {
  app = await startTestApp({ worker: true });
  api = await app.createTestOrganization();
  team = await createSupportTeam(api);
  const attribute = { label: 'Plan', identifier: 'plan', inputDefinition: { _type: 'Text' } };
  const attributes = [
    await api.create('/v1/custom-attributes', { ...attribute, entityType: 'Contact' }),
    await api.create('/v1/custom-attributes', { ...attribute, entityType: 'Conversation' }),
  ];
  await api.patch(`/v1/endusers/${team.userId}/custom-attributes`, { [attributes[0].id]: 'gold' });
  conversationAttribute = attributes[1].id;
  conversationId = (await api.create('/v1/conversations', emailFrom(team.userId, { subject: 'Invoice' }))).id;
  await api.put(`/v1/conversations/${conversationId}/tags/${team.tagId}`);
  await api.patch(`/v1/conversations/${conversationId}/custom-attributes`, { [conversationAttribute]: 'gold' });
  const teamId = await api.createTeam('Billing');
  await api.create('/v1/contact-endpoints', { _type: 'EmailEndpoint', address: 'support@acme.example' });
  paths = [
    ...['/v1/tags', `/v1/tags/${team.tagId}`, '/v1/queues', `/v1/queues/${team.queueId}`, '/v1/teams'],
    ...[`/v1/teams/${teamId}`, '/v1/agents', `/v1/agents/${team.agentId}`, '/v1/endusers'],
    ...[`/v1/endusers/${team.userId}`, `/v1/endusers/${team.userId}/conversations`, '/v1/custom-attributes'],
    ...[`/v1/custom-attributes/${attributes[0].id}`, `/v1/conversations/${conversationId}`],
    ...[`/v1/conversations/${conversationId}/tags`, '/v1/endusers?sort=-updatedAt', '/v1/conversations'],
    ...['/v1/contact-endpoints', '/v1/contact-endpoints/support@acme.example'],
    `/v1/queues/${team.queueId}/conversations`,
  ];
});
afterAll(() => app.close());

const ROW_TABLES = READ_TABLES.filter(({ stream, table }) => stream.row?.table === table);
const rowsOf = (table: string) => tableRows(app.database.sql, table);
const answers = () => Promise.all(paths.map(async (path) => ({ path, body: (await api.get(path)).body as unknown })));

/** As the migration leaves the rows of an installation of an earlier version. */
async function makeStale(): Promise<void> {
  for (const { table } of ROW_TABLES) {
    await app.database.sql(
      `UPDATE ${table} SET version = 0, shape = 0, recorded_at = NULL, document = NULL, shown = NULL`,
    );
  }
  await app.database.sql('TRUNCATE renewed_tables, snapshots');
}

describe('Rows of another shape than the program has', () => {
  it('are read as if they were not', async () => {
    const before = await answers();
    await makeStale();
    expect(await answers()).toEqual(before);
  });

  it('are rebuilt by a change', async () => {
    await makeStale();
    const { headers } = await api.patch(`/v1/endusers/${team.userId}`, { displayName: 'Alicia' });
    const [row] = await app.database.sql<{ version: number; shape: number }>(
      'SELECT version, shape FROM end_users WHERE id = $1',
      [team.userId],
    );
    expect(row).toEqual({ version: Number(/\d+/.exec(headers.get('etag') ?? '')?.[0]), shape: 1 });
    expect((await api.get(`/v1/endusers/${team.userId}`)).body.data.displayName).toBe('Alicia');
  });

  it.each(ROW_TABLES)('are rebuilt in the background, row by row as they were: $table', async ({ table }) => {
    const renewal = app.get(RowRenewal);
    await renewal.run();
    const before = await rowsOf(table);
    expect(before.length).toBeGreaterThan(0);
    await makeStale();
    await renewal.run();
    expect(await rowsOf(table)).toEqual(before);
  });

  it('are left alone by a renewal when somebody has changed them meanwhile', async () => {
    await makeStale();
    await api.patch(`/v1/endusers/${team.userId}`, { displayName: 'Alice' });
    const changed = await rowsOf('end_users');
    await app.get(RowRenewal).run();
    expect(await rowsOf('end_users')).toEqual(changed);
  });
});

describe('Tables that are rebuilt with the rows', () => {
  const PARTS = STREAMS.flatMap(({ parts = [] }) => parts.filter(({ isStable }) => !isStable));
  const search = async (query: string) => {
    const { body } = await api.get(`/v1/conversations?${query}`);
    return body.data.map(({ id }: { id: number }) => id) as number[];
  };
  const withTag = (id: string) => search(`tagId=${id}`);
  const withValue = (value: string) => search(`attributeId=${conversationAttribute}&attributeValue=${value}`);
  beforeEach(() => app.get(RowRenewal).run());

  it.each(PARTS)('have what they had: $table', async ({ table }) => {
    const before = await rowsOf(table);
    expect(before.length).toBeGreaterThan(0);
    await makeStale();
    await app.database.sql(`TRUNCATE ${table}`);
    await app.get(RowRenewal).run();
    expect(await rowsOf(table)).toEqual(before);
  });

  it('have nothing that an earlier version has left there', async () => {
    await makeStale();
    const other = randomUUID();
    await app.database.sql('UPDATE conversation_tags SET tag_id = $1', [other]);
    await app.get(RowRenewal).run();
    expect([await withTag(other), await withTag(team.tagId)]).toEqual([[], [conversationId]]);
  });

  it('are complete after a change that comes before the renewal', async () => {
    await makeStale();
    await app.database.sql('TRUNCATE conversation_tags, conversation_attributes');
    const tagId = await api.createTag('Returns');
    await api.put(`/v1/conversations/${conversationId}/tags/${tagId}`);
    for (const id of [tagId, team.tagId]) expect(await withTag(id)).toEqual([conversationId]);
    expect(await withValue('gold')).toEqual([conversationId]);
    await app.get(RowRenewal).run();
    expect(await withTag(tagId)).toEqual([conversationId]);
  });

  it('are left alone where somebody else is first, while others are renewed', async () => {
    const other = (await api.create('/v1/conversations', emailFrom(team.userId))).id as number;
    await api.put(`/v1/conversations/${other}/tags/${team.tagId}`);
    await makeStale();
    await app.database.sql('TRUNCATE conversation_tags');
    const first = `UPDATE conversations SET shape = ${conversationStream.shape} WHERE id = ${conversationId}`;
    const release = await holdUp(app, first);
    const renewal = app.get(RowRenewal).run();
    await release();
    await renewal;
    expect(await withTag(team.tagId)).toEqual([other]);
  });
});

describe('A stream of many events', () => {
  const CHANGES = 230;
  let userId: string;
  beforeAll(async () => {
    userId = (await api.create('/v1/endusers', { displayName: 'Name 1' })).id;
    for (let version = 2; version <= CHANGES; version++) {
      await api.patch(`/v1/endusers/${userId}`, { displayName: `Name ${version}` });
    }
  });
  const stream = () => `endUser-${userId}`;
  const snapshots = () =>
    app.database.sql<{ version: number; state: string }>(
      'SELECT version, state FROM snapshots WHERE stream = $1 ORDER BY version',
      [stream()],
    );

  it('has snapshots, in which nobody can read who it is', async () => {
    const found = await snapshots();
    expect(found.map(({ version }) => version)).toEqual([50, 100, 150, 200]);
    expect(found.map(({ state }) => state).join()).not.toContain('Name');
  });

  it.each([1, 2, 99, 100, 101, 150, 200, 201, 230])('is known as it was at its version %i', async (version) => {
    const [event] = await app.database.sql<{ at: Date }>(
      'SELECT recorded_at AS at FROM events WHERE stream = $1 AND version = $2',
      [stream(), version],
    );
    const next = await app.database.sql<{ version: number }>(
      'SELECT max(version) AS version FROM events WHERE stream = $1 AND recorded_at = $2',
      [stream(), event?.at],
    );
    const { body } = await api.get(`/v1/endusers/${userId}?asOf=${event?.at.toISOString()}`);
    expect(body.data.displayName).toBe(`Name ${next[0]?.version}`);
  });

  it('gets the snapshots that it lacks when its row is rebuilt', async () => {
    const before = await snapshots();
    await makeStale();
    await app.get(RowRenewal).run();
    expect((await snapshots()).map(({ version }) => version)).toEqual(before.map(({ version }) => version));
  });

  it('has no snapshot any more once its person is forgotten', async () => {
    await api.patch(`/v1/endusers/${userId}/anonymize`);
    await app.runtime.store.handle(
      endUserStream,
      userId,
      { organizationId: api.organizationId, actorId: api.actorId },
      { type: 'Anonymize', id: userId },
    );
    expect(await snapshots()).toEqual([]);
    expect((await app.database.sql('SELECT document::text AS text FROM end_users WHERE id = $1', [userId]))[0]).toEqual(
      {
        text: expect.not.stringContaining('Name 2'),
      },
    );
  });
});
