import { randomBytes } from 'node:crypto';
import { openCipher } from '#apps/master-key.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { partitionOf } from '#libs/event-store/partitions.js';
import { STREAMS } from '#libs/resources/resources.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type Answer, ApiClient } from './support/api-client.js';
import { type Cell, copy, handOver, startCell } from './support/cell.js';
import { faultsOfReadTables } from './support/checker.js';
import { ACCEPT, REFUSE, type ScriptedReceiver, startScriptedReceiver } from './support/scripted-receiver.js';
import { createSupportTeam, emailFrom, type SupportTeam } from './support/support-team.js';

/** The cell that the organization leaves, and its new one. */
let older: Cell;
let newer: Cell;
let receiver: ScriptedReceiver;
/** The organization that moves, as the two cells serve it, and one that stays in each cell. */
let moving: { inOlder: ApiClient; inNewer: ApiClient };
let organization: string;
let staying: { inOlder: ApiClient; inNewer: ApiClient };
let team: SupportTeam;

beforeAll(async () => {
  const env = {
    DESKSTREAM_MASTER_KEY: randomBytes(32).toString('hex'),
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    WEBHOOK_RETRY_SCHEDULE: '0.5'.concat(',0.5'.repeat(99)),
  };
  [older, newer, receiver] = await Promise.all([startCell(env), startCell(env), startScriptedReceiver()]);
  // So the organization comes from higher positions, and the new cell must begin above them.
  await newer.run('cell.sql', { cell: 0, position: 0, conversation: 0 });
  await older.run('cell.sql', { cell: 1, ...(await newer.limits()) });
  const inOlder = await older.app.createTestOrganization();
  organization = inOlder.organizationId;
  moving = { inOlder, inNewer: new ApiClient(newer.app.url, inOlder.token, inOlder.organizationId) };
  staying = { inOlder: await older.app.createTestOrganization(), inNewer: await neighbourOf(inOlder) };
  team = await createSupportTeam(inOlder);
  for (const client of Object.values(staying)) await createSupportTeam(client);
});
afterAll(async () => {
  for (const cell of [older, newer]) await cell.remove();
  await receiver.close();
});

/** Creates an organization in the newer cell that shares a partition with another one. */
async function neighbourOf({ organizationId }: ApiClient): Promise<ApiClient> {
  for (;;) {
    const client = await newer.app.createTestOrganization();
    if (partitionOf(client.organizationId) === partitionOf(organizationId)) return client;
  }
}

/** Sends a request to the cell that serves the organization, as a router would. */
const routed = (call: (client: ApiClient) => Promise<Answer>) =>
  waitFor('a cell', async () => {
    for (const client of Object.values(moving)) {
      const answer = await call(client);
      if (answer.status !== 401 && answer.status !== 503) return answer;
    }
    return false;
  });

/** Creates tags while `work` is under way, and returns the names of those that were answered. */
async function writing(work: () => Promise<void>): Promise<string[]> {
  const names: string[] = [];
  const errors: Answer[] = [];
  let over = false;
  const write = async () => {
    while (!over) {
      const name = `tag ${names.length}`;
      const answer = await routed((client) => client.post('/v1/tags', { name }));
      if (answer.status === 200) names.push(name);
      else errors.push(answer);
    }
  };
  await Promise.all([
    write(),
    work().finally(() => {
      over = true;
    }),
  ]);
  expect(errors).toEqual([]);
  return names;
}

/** Expects that the newer cell has all, but for attempts that were under way. */
async function expectEqualRows(): Promise<void> {
  const [{ webhook_attempts: attempts, ...all }, { webhook_attempts: more, ...expected }] = [
    await newer.rowsOf(organization),
    await older.rowsOf(organization),
  ];
  expect(all).toEqual(expected);
  expect(more).toEqual(expect.arrayContaining(attempts as object[]));
}

/** Returns the names of the organization's tags in the events of the newer cell after a cursor. */
async function namesInFeed(cursor: string): Promise<string[]> {
  const names: string[] = [];
  for (let more = true; more;) {
    const { body } = await moving.inNewer.get(`/v1/events?cursor=${cursor}`);
    names.push(...body.data.filter(({ type }: any) => type === 'TagCreated').map(({ data }: any) => data.name));
    ({ cursor, more } = body.meta);
  }
  return names;
}

describe('An organization that moves to another cell while it writes', () => {
  let written: string[];
  let subscription: string;
  let conversation: number;
  let cursor: string;
  beforeAll(async () => {
    const { inOlder, inNewer } = moving;
    conversation = (await inOlder.create('/v1/conversations', emailFrom(team.userId))).id;
    receiver.behave('/moving', ({ body }) => (body.includes('tag 3') ? REFUSE : ACCEPT));
    subscription = (await inOlder.subscribe(receiver.url('/moving'), ['TagCreated'])).id;
    ({ cursor } = (await inOlder.get('/v1/events')).body.meta);
    written = await writing(async () => {
      await copy(organization, older, newer);
      await handOver(organization, older, newer);
      await expectEqualRows();
      expect(await newer.run('relayed.sql', { organization })).toEqual({ done: true });
      await newer.run('show.sql', { organization });
      await waitFor('the newer cell', async () => (await inNewer.post('/v1/tags', { name: 'last' })).status === 200);
    });
    written.push('last');
  });

  it('keeps every write that was answered, in the order of its feed', async () => {
    const { body } = await moving.inNewer.get('/v1/tags');
    expect(body.data.map(({ name }: any) => name).sort()).toEqual([...written, 'VIP'].sort());
    const names = await namesInFeed(cursor);
    expect(names.filter((name) => name !== 'last')).toEqual(written.filter((name) => name !== 'last'));
  });

  it('gets a delivery for each event, and those that failed before are tried again', async () => {
    receiver.behave('/moving', () => ACCEPT);
    await waitFor(
      'the deliveries',
      async () => {
        const path = `/v1/webhooks/${subscription}/deliveries?state=pending`;
        return (await moving.inNewer.get(path)).body.data.length === 0;
      },
      () => receiver.arrivals.length,
    );
    const rows = await newer.sql<{ event_id: string; state: string }>(
      'SELECT event_id, state FROM webhook_deliveries WHERE subscription_id = $1',
      [subscription],
    );
    expect(rows.filter(({ state }) => state !== 'delivered')).toEqual([]);
    expect(rows).toHaveLength(written.length);
    const arrived = new Set(receiver.of(subscription).map(({ eventId }) => eventId));
    expect([...arrived].sort()).toEqual(rows.map(({ event_id }) => event_id).sort());
  });

  it('keeps its personal data, and numbers of conversations that no other cell gives out', async () => {
    const { inNewer } = moving;
    const then = new Date().toISOString();
    const { body } = await inNewer.get(`/v1/endusers/${team.userId}?asOf=${then}`);
    expect(body.data.email).toBe('alice@brown.example');
    const messages = await inNewer.get(`/v1/conversations/${conversation}/messages`);
    expect(JSON.stringify(messages.body.data)).toContain('It has not arrived.');
    const { id } = await inNewer.create('/v1/conversations', emailFrom(team.userId));
    expect([conversation % 16, id % 16, id > conversation]).toEqual([1, 0, true]);
    const positions = await newer.sql('SELECT position FROM events GROUP BY position HAVING count(*) > 1');
    expect(positions).toEqual([]);
  });

  it('leaves the other organizations of both cells as they are, and nothing of itself', async () => {
    await older.run('unpublish.sql', {});
    await waitFor('the last attempts to be deleted', async () => {
      await older.run('delete.sql', { organization });
      return Object.values(await older.rowsOf(organization)).flat().length === 0;
    });
    await older.run('show.sql', { organization });
    for (const client of Object.values(staying)) {
      const { id } = await client.subscribe(receiver.url('/staying'), ['TagCreated']);
      await client.createTag('after');
      await waitFor('the delivery', () => receiver.of(id).length === 1);
      expect((await client.get('/v1/tags')).body.data.map(({ name }: any) => name).sort()).toEqual(['VIP', 'after']);
    }
  });

  it('has the read tables that follow from its events', async () => {
    const { app, sql } = newer;
    const ownerUrl = newer.url('postgres', 'postgres');
    const codec = new EventCodec(STREAMS, await openCipher(app.runtime.config, ownerUrl, false));
    expect(await faultsOfReadTables({ ownerUrl, sql }, codec)).toEqual([]);
  });
});
