import { LISTED } from '#libs/event-store/entity-reader.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import {
  type ConversationOrder,
  type ConversationSearch,
  conversationsWhere,
  LONGEST_WAITING_FIRST,
  ORDERS,
  waitingIn,
} from './conversation-list.js';

let world: TestStore;
const organizationId = '01980f5b-60f0-7a91-95d3-8fb0c1d2e3f4';
const id = (n: number) => `01980f6a-5c1d-7a10-9b2c-${String(n).padStart(12, '0')}`;
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString();
const COUNT = 20_000;
/** Number of rows that a list of 50 must not reach: fewer than have one value of a filter. */
const FEW = 1_000;

/** Creates conversations one second apart. Each filter has five values; the last of them ends halfway. */
beforeAll(async () => {
  world = await createTestStore();
  const uuid = (text: string) => `('01980f6a-5c1d-7a10-9b2c-' || lpad((${text})::text, 12, '0'))::uuid`;
  await world.test.sql(
    `INSERT INTO conversations (organization_id, id, requester_id, channel, state, created_at, recorded_at, assignee_id,
       queue_id, queued_at, closed_at, shown)
     SELECT $1, n, ${uuid('n % 1000')}, kind, kind, at, at + interval '1 hour', ${uuid('kind')}, ${uuid('kind')},
       CASE WHEN n % 3 = 0 THEN at END, at + interval '1 minute', '{}'
     FROM generate_series(1, ${COUNT}) AS n,
       LATERAL (SELECT $2::timestamptz + n * interval '1 second' AS at,
         CASE WHEN n < ${COUNT / 2} THEN n % 5 ELSE n % 4 END AS kind) AS made`,
    [organizationId, at(0)],
  );
  await world.test.sql(`INSERT INTO conversation_tags SELECT organization_id, id, requester_id FROM conversations`);
  await world.test.sql(
    `INSERT INTO conversation_attributes SELECT organization_id, id, requester_id, state FROM conversations`,
  );
  await world.test.sql('VACUUM ANALYZE conversations, conversation_tags, conversation_attributes');
});
afterAll(() => world.close());

interface Plan {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Node Type': string;
  Plans?: Plan[];
}

/** Returns the number of rows that the plan for the application's role has looked at. */
const rowsRead = ({ Plans = [], ...node }: Plan): number =>
  Plans.length > 0
    ? Plans.reduce((sum, plan) => sum + rowsRead(plan), 0)
    : (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];

let read = 0;
/** Explains what a list reads instead of reading it. */
const explaining = {
  query: async <Row>(scope: string | null, { text, ...rest }: { text: string }) => {
    const rows = await world.database.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(scope, {
      ...rest,
      text: `EXPLAIN (ANALYZE, FORMAT json) ${text}`,
    });
    const [plan] = rows as [{ 'QUERY PLAN': [{ Plan: Plan }] }];
    read = rowsRead(plan['QUERY PLAN'][0].Plan);
    return [] as Row[];
  },
} as unknown as TestStore['database'];

async function rowsReadFor(search: ConversationSearch, order: ConversationOrder): Promise<number> {
  const columns = [LISTED, ...ORDERS[order].selected].join(', ');
  await ORDERS[order].read(explaining, organizationId, conversationsWhere(organizationId, columns, search), {
    limit: 50,
  });
  return read;
}

const state = (value: number) => String(value) as ConversationSearch['state'];
const channel = (value: number) => String(value) as ConversationSearch['channel'];

describe('A list of conversations', () => {
  it.each<[string, ConversationSearch]>([
    ['all', {}],
    ['a state', { state: state(1) }],
    ['a state that none has any more', { state: state(4) }],
    ['a channel', { channel: channel(1) }],
    ['a channel that is not used any more', { channel: channel(4) }],
    ['a queue', { queueId: id(1) }],
    ['a former queue', { queueId: id(4) }],
    ['an agent', { assigneeId: id(1) }],
    ['a former agent', { assigneeId: id(4) }],
    ['a requester', { requesterId: id(7) }],
    ['a tag', { tagId: id(7) }],
    ['a value', { attribute: { id: id(7), value: '2' } }],
    ['when they were created', { createdSince: at(COUNT - 500) }],
    ['the end of when they were created', { createdUntil: at(500) }],
    ['when they were changed', { updatedSince: at(COUNT + 3_100) }],
    ['the end of when they were changed', { updatedUntil: at(4_100) }],
    ['when they were closed', { closedSince: at(COUNT - 440) }],
    ['the end of when they were closed', { closedUntil: at(560) }],
    ['a queue and a state', { queueId: id(1), state: state(1) }],
    ['a former agent and a state', { assigneeId: id(4), state: state(4) }],
    ['a queue and when they were created', { queueId: id(1), createdSince: at(COUNT - 500) }],
    ['a state and when they were closed', { state: state(1), closedSince: at(COUNT - 440) }],
    ['a tag and a state', { tagId: id(7), state: state(1) }],
    ['a value and when they were changed', { attribute: { id: id(7), value: '2' }, updatedSince: at(COUNT) }],
  ])('by %s reads few rows in each order', async (_, search) => {
    for (const order of Object.keys(ORDERS) as ConversationOrder[]) {
      const rows = await rowsReadFor(search, order);
      expect({ order, rows, isFew: rows < FEW }).toEqual({ order, rows, isFew: true });
    }
  });

  it('of those that wait in a queue reads them alone', async () => {
    await LONGEST_WAITING_FIRST.read(explaining, organizationId, waitingIn(organizationId, '*', id(1)), { limit: 50 });
    expect(read).toBe(51);
  });
});
