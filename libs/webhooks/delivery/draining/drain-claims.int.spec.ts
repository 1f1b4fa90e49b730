import { randomUUID } from 'node:crypto';
import { partitionOf } from '#libs/event-store/partitions.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { type Claim, CLAIMED_AT_ONCE, DrainClaims } from './drain-claims.js';
import { type DrainTarget } from './drain-statements.js';

let world: TestStore;
let claims: DrainClaims;
beforeAll(async () => {
  world = await createTestStore();
  claims = new DrainClaims(world.worker);
});
afterAll(() => world.close());

/** Returns an organization with subscriptions, each with a delivery that is due in `dueIn` seconds. */
async function waiting(subscriptions: number, { enabled = true, dueIn = -1 } = {}): Promise<string> {
  const organizationId = randomUUID();
  const values = [organizationId, subscriptions];
  await world.test.sql(
    `INSERT INTO webhook_subscriptions (organization_id, id, name, url, events, enabled, "authorization", custom_headers,
       secret_key, filters, ordering, failures_count_from, created_at, created_by, updated_at, updated_by)
     SELECT $1, uuidv7(), 'CRM', 'http://127.0.0.1:9', '{}', $3, '{}', '{}', '', '{}', 'unordered', now(), now(), $1, now(), $1
     FROM generate_series(1, $2)`,
    [...values, enabled],
  );
  await world.test.sql(
    `INSERT INTO webhook_health (organization_id, subscription_id)
     SELECT organization_id, id FROM webhook_subscriptions WHERE organization_id = $1`,
    [organizationId],
  );
  const eventId = randomUUID();
  await world.test.sql(
    `INSERT INTO webhook_messages (organization_id, event_id, event_name, body) VALUES ($1, $2, 'TagCreated', '{}')`,
    [organizationId, eventId],
  );
  await world.test.sql(
    `INSERT INTO webhook_deliveries (organization_id, subscription_id, event_id, event_name, position, next_attempt_at)
     SELECT organization_id, id, $2, 'TagCreated', 1, now() + $3 * interval '1 second' FROM webhook_subscriptions
     WHERE organization_id = $1`,
    [organizationId, eventId, dueIn],
  );
  return organizationId;
}

/** Returns a claim of a process that was just seen. */
async function by(claim: Partial<Claim> = {}): Promise<Claim> {
  const holder = randomUUID();
  await world.test.sql("INSERT INTO partition_holders VALUES ($1, now() + interval '1 minute')", [holder]);
  return { holder, room: 1_000, except: [], ...claim };
}
const idsOf = (targets: DrainTarget[]) => targets.map(({ subscriptionId }) => subscriptionId);
const release = (organizationId: string, ids: string[]) =>
  world.test.sql(
    'UPDATE webhook_health SET lease_until = now() WHERE organization_id = $1 AND subscription_id = ANY($2)',
    [organizationId, ids],
  );

describe('A claim', () => {
  it('takes a part of what is due of each organization, and nothing that another has taken', async () => {
    const [one, other] = [await waiting(CLAIMED_AT_ONCE + 8), await waiting(3)];
    const first = await claims.ofOrganizations([one, other], await by());
    expect(Map.groupBy(first, ({ organizationId }) => organizationId).get(one)).toHaveLength(CLAIMED_AT_ONCE);
    expect(first).toHaveLength(CLAIMED_AT_ONCE + 3);
    const second = await claims.ofOrganizations([one, other], await by());
    expect(second).toHaveLength(8);
    expect(new Set(idsOf([...first, ...second])).size).toBe(CLAIMED_AT_ONCE + 11);
    expect(await claims.ofOrganizations([one, other], await by())).toEqual([]);
  });

  it('takes nothing that another one takes at the same moment', async () => {
    const organizationId = await waiting(2 * CLAIMED_AT_ONCE);
    const claimed = await Promise.all(
      Array.from({ length: 4 }, async () => claims.ofOrganizations([organizationId], await by())),
    );
    const ids = idsOf(claimed.flat());
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(CLAIMED_AT_ONCE);
  });

  it('takes what a process held that is gone, but not what one holds that was seen a moment ago', async () => {
    const organizationId = await waiting(1);
    const first = await by();
    const held = await claims.ofOrganizations([organizationId], first);
    expect(held).toHaveLength(1);
    expect(await claims.ofOrganizations([organizationId], await by())).toEqual([]);
    await world.test.sql("UPDATE partition_holders SET seen_at = now() - interval '2 seconds' WHERE id = $1", [
      first.holder,
    ]);
    expect(await claims.ofOrganizations([organizationId], await by())).toEqual(held);
  });

  it('takes those that nobody has drained for the longest time', async () => {
    const organizationId = await waiting(2 * CLAIMED_AT_ONCE);
    const first = idsOf(await claims.ofOrganizations([organizationId], await by()));
    await release(organizationId, first);
    const second = idsOf(await claims.ofOrganizations([organizationId], await by()));
    expect(second.filter((id) => first.includes(id))).toEqual([]);
  });

  it('takes no more than there is room for, and nothing of organizations that have all their room', async () => {
    const [one, other] = [await waiting(5), await waiting(5)];
    const claimed = await claims.ofOrganizations([one, other], await by({ room: 3, except: [one] }));
    expect(claimed.map(({ organizationId }) => organizationId)).toEqual([other, other, other]);
    expect(await claims.ofOrganizations([one, other], await by({ room: 0 }))).toEqual([]);
  });

  it('takes nothing that is disabled, or due later', async () => {
    const organizationIds = [await waiting(1, { enabled: false }), await waiting(1, { dueIn: 60 })];
    expect(await claims.ofOrganizations(organizationIds, await by())).toEqual([]);
  });

  it('finds all organizations of a partition for which something waits', async () => {
    const ids = [await waiting(1), await waiting(1), await waiting(1)];
    const partitions = [...new Set(ids.map(partitionOf))];
    expect(await claims.someWaiting(partitions)).toEqual(expect.arrayContaining(ids));
    const claimed = await claims.ofPartitions(partitions, await by());
    const organizationIds = claimed.map(({ organizationId }) => organizationId);
    expect(organizationIds).toEqual(expect.arrayContaining(ids));
    expect(organizationIds.filter((id) => !partitions.includes(partitionOf(id)))).toEqual([]);
  });
});
