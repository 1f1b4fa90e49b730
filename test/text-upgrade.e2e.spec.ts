import { randomUUIDv7 } from 'node:crypto';
import { DataSource } from 'typeorm';
import { agentStream } from '#libs/agents/agent.stream.js';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { rebuildTable } from '#libs/event-store/rebuild.js';
import { READ_TABLES } from '#libs/resources/resources.js';
import { tagStream } from '#libs/tags/tag.stream.js';
import { TextKeys1764000000020 } from '#migrations/1764000000020-text-keys.js';
import { SearchKeys1764000000021 } from '#migrations/1764000000021-search-keys.js';
import { type ApiClient } from './support/api-client.js';
import { tableRows } from './support/table-rows.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const TAGS = ['Café', 'Cafe\u0301', 'Ca\u00adfé', 'Straße'];
const EMAILS = ['u@müller.example', 'u@xn--mller-kva.example', '"u"@müller.example', 'plain@x.example'];
const EXTERNAL_IDS = ['crm-é', 'crm-e\u0301', 'crm-1', 'crm-2'];
const NO_LISTS = { additionalEmails: [], additionalPhoneNumbers: [], middleNames: [] };

let app: TestApp;
let api: ApiClient;
/** Ids of tags, agents and end users, the oldest first. */
let tags: string[];
let agents: string[];
let endUsers: string[];

/** An installation of the version before: its rows had no keys, and its indexes told more values apart. */
beforeAll(async () => {
  app = await startTestApp();
  api = await app.createTestOrganization();
  await app.database.sql('DROP INDEX tags_name, agents_email, end_user_addresses_value');
  tags = await inTurn(TAGS, createTag);
  agents = await inTurn(EMAILS, createAgent);
  endUsers = await inTurn(EMAILS, createEndUser);
  await inTurn(EMAILS, (email, index) =>
    app.database.sql(
      `UPDATE end_user_addresses SET value = CASE field WHEN 'email' THEN $2 ELSE $3 END WHERE end_user_id = $1`,
      [endUsers[index], email, EXTERNAL_IDS[index]],
    ),
  );
  for (const table of [
    'tags_name ON tags',
    'agents_email ON agents',
    'end_user_addresses_value ON end_user_addresses',
  ]) {
    await app.database.sql(`CREATE INDEX ${table} (organization_id)`);
  }
  await upgrade();
});
afterAll(() => app.close());

async function inTurn<T, Result>(items: T[], work: (item: T, index: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, item] of items.entries()) results.push(await work(item, index));
  return results;
}

async function createTag(name: string): Promise<string> {
  const id = randomUUIDv7();
  await app.runtime.store.handle(tagStream, id, api, { type: 'CreateTag', id, name });
  return id;
}

async function createAgent(email: string): Promise<string> {
  const [id, createdAt] = [randomUUIDv7(), new Date().toISOString()];
  const command = { type: 'CreateAgent', id, createdAt, email, settings: { displayName: 'x', ...NO_LISTS } } as const;
  await app.runtime.store.handle(agentStream, id, api, command);
  return id;
}

async function createEndUser(email: string, index: number): Promise<string> {
  const [id, createdAt] = [randomUUIDv7(), new Date().toISOString()];
  const ids = { externalId: EXTERNAL_IDS[index], additionalExternalIds: [] };
  const person = { ...NO_LISTS, ...ids, displayName: TAGS[index], email };
  const command = { type: 'CreateEndUser', id, createdAt, person } as const;
  await app.runtime.store.handle(endUserStream, id, api, command);
  return id;
}

async function upgrade(): Promise<void> {
  const dataSource = await new DataSource({ type: 'postgres', url: app.database.ownerUrl }).initialize();
  const runner = dataSource.createQueryRunner();
  const [keys, search] = [new TextKeys1764000000020(), new SearchKeys1764000000021()];
  await search.down(runner);
  await keys.down(runner);
  await keys.up(runner);
  await search.up(runner);
  await dataSource.destroy();
}

const found = async (query: string) => {
  const { body } = await api.get(`/v1/${query}`);
  return body.data.map(({ id }: { id: string }) => id);
};

describe('What an earlier version took for two and this one takes for the same', () => {
  it('stays, and is found by the name or address that both have', async () => {
    expect((await api.get('/v1/tags')).body.data).toHaveLength(TAGS.length);
    const email = encodeURIComponent('U@MÜLLER.example');
    expect(await found(`endusers?email=${email}`)).toEqual(endUsers.slice(0, 3));
    expect(await found(`agents?email=${email}`)).toEqual(agents.slice(0, 3));
    expect(await found(`endusers?externalId=${encodeURIComponent('crm-é')}`)).toEqual(endUsers.slice(0, 2));
    expect(await found(`endusers?namePrefix=${encodeURIComponent('CAFÉ')}`)).toEqual(endUsers.slice(0, 3));
    expect(await found('endusers?namePrefix=STRASSE')).toEqual([endUsers[3]]);
  });

  it('is the oldest of them when somebody comes with it again', async () => {
    expect((await api.post('/v1/tags', { name: 'café' })).body.data.id).toBe(tags[0]);
    expect((await api.post('/v1/tags', { name: 'STRASSE' })).body.data.id).toBe(tags[3]);
    const person = { displayName: 'y', email: 'u@müller.example' };
    expect((await api.post('/v1/endusers', person)).body.message).toContain(
      `already belongs to end user ${endUsers[0]}`,
    );
    expect((await api.post('/v1/agents', person)).body.message).toContain(`is that of agent ${agents[0]}`);
    const replaced = await api.put(`/v1/endusers/external/${encodeURIComponent('crm-é')}`, { displayName: 'Café' });
    expect([replaced.status, replaced.body.data.id]).toEqual([200, endUsers[0]]);
    await api.patch(`/v1/endusers/${endUsers[0]}`, { email: EMAILS[0] });
  });

  it.each(['tags', 'agents', 'agent_addresses', 'end_users', 'end_user_addresses', 'end_user_attributes'])(
    'comes out of a rebuild as it was: %s',
    async (table) => {
      const rows = () => tableRows(app.database.sql, table);
      const before = await rows();
      const { stream } = READ_TABLES.find((one) => one.table === table) as (typeof READ_TABLES)[number];
      await rebuildTable(app.database.ownerUrl, app.runtime.codec, stream, table);
      expect(await rows()).toEqual(before);
    },
  );

  it('can be changed otherwise, and merged into one', async () => {
    const [older, younger] = endUsers as [string, string];
    expect((await api.patch(`/v1/endusers/${younger}`, { firstName: 'U' })).status).toBe(200);
    const { status, body } = await api.post(`/v1/endusers/${younger}/merge`, { intoId: older });
    expect([status, body.data]).toMatchObject([200, { email: EMAILS[0], additionalEmails: [], firstName: 'U' }]);
  });

  it('leaves no trace of itself when an end user or agent is gone for good', async () => {
    const count = async () => (await app.database.sql<{ n: number }>('SELECT count(*)::int n FROM legacy_twins'))[0]?.n;
    const before = (await count()) as number;
    await api.delete(`/v1/agents/${agents[2]}`);
    await app.runtime.store.handle(endUserStream, endUsers[2] as string, api, {
      type: 'Anonymize',
      id: endUsers[2] as string,
    });
    expect(await count()).toBe(before - 2);
  });
});
