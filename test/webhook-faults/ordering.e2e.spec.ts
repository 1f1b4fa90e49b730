import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from '../support/api-client.js';
import { settled, tagEvents } from '../support/ledger.js';
import { ACCEPT, REFUSE, type ScriptedReceiver, startScriptedReceiver } from '../support/scripted-receiver.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const PAUSE_MS = 200;

let app: TestApp;
let receiver: ScriptedReceiver;
beforeAll(async () => {
  receiver = await startScriptedReceiver();
  app = await startTestApp({ worker: true, env: { WEBHOOK_RETRY_SCHEDULE: '0.2,0.2,0.2' } });
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

const books = (api: ApiClient, id: string) =>
  settled(app.database, api.organizationId, { subscriptions: [id], requests: receiver.arrivals });
const events = (api: ApiClient) => tagEvents(app.database, api.organizationId);
const createTags = async (api: ApiClient, count: number, name: string) => {
  for (let index = 0; index < count; index++) await api.createTag(`${name} ${index}`);
};
/** The events that came, in this order; attempts of one that come one after the other are one. */
const sequence = (id: string) =>
  receiver.of(id).flatMap(({ eventId }, index, all) => (eventId === all[index - 1]?.eventId ? [] : [eventId]));

describe('In fifo order', () => {
  it.concurrent('events arrive as they were recorded, whoever wrote them, and wait for each that fails', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe(receiver.url('/fifo'), ['TagCreated'], { ordering: 'fifo' });
    const failing = new Set<string>();
    receiver.behave('/fifo', ({ eventId, attempt }) => {
      if (attempt === 1 && receiver.of(id).length % 12 === 1) failing.add(eventId);
      return attempt === 1 && failing.has(eventId) ? REFUSE : ACCEPT;
    });
    await Promise.all(['a', 'b', 'c'].map((writer) => createTags(api, 10, writer)));
    await books(api, id);
    expect(sequence(id)).toEqual(await events(api));
    expect(failing.size).toBeGreaterThan(1);
  });

  it.concurrent('an event that fails to its last attempt is given up, and the next one goes', async () => {
    const api = await app.createTestOrganization();
    let poison = '';
    receiver.behave('/poison', ({ eventId }) => ((poison ||= eventId) === eventId ? REFUSE : ACCEPT));
    const { id } = await api.subscribe(receiver.url('/poison'), ['TagCreated'], { ordering: 'fifo' });
    await createTags(api, 5, 'tag');
    const entries = await books(api, id);
    expect(sequence(id)).toEqual(await events(api));
    const inOrder = (await events(api)).map((event) => entries.find(({ eventId }) => eventId === event));
    expect(inOrder.map((entry) => [entry?.state, entry?.attempts])).toEqual([
      ['exhausted', 4],
      ...Array.from({ length: 4 }, () => ['delivered', 1]),
    ]);
  });

  it.concurrent(
    'deliveries that wait are kept, take their turn and keep their pauses when the order changes and changes back',
    async () => {
      const api = await app.createTestOrganization();
      receiver.behave('/both', ({ attempt, body }) => (attempt <= 2 && body.includes('first') ? REFUSE : ACCEPT));
      const { id } = await api.subscribe(receiver.url('/both'), ['TagCreated'], { ordering: 'fifo' });
      const patch = (ordering: string) => api.patch(`/v1/webhooks/${id}`, { ordering });
      await createTags(api, 4, 'first');
      await waitFor('the first attempt', () => receiver.of(id).length > 0);
      await patch('unordered');
      await waitFor('attempts of all', () => new Set(sequence(id)).size === 4);
      await patch('fifo');
      await createTags(api, 4, 'later');
      const entries = await books(api, id);
      const outcomes = entries.map((entry) => entry.outcomes.join()).sort();
      const expected = ['delivered', 'refused,refused,delivered'].flatMap((one) => [one, one, one, one]);
      expect(outcomes).toEqual(expected);
      const times = Map.groupBy(receiver.of(id), ({ eventId }) => eventId).values();
      const gaps = [...times].flatMap((ofOne) => ofOne.slice(1).map(({ at }, index) => at - (ofOne[index]?.at ?? 0)));
      // A change of the order tries what waits at once.
      expect(gaps.filter((gap) => gap < PAUSE_MS).length).toBeLessThanOrEqual(5);
      const order = await events(api);
      const places = sequence(id).map((event) => order.indexOf(event));
      expect(places.lastIndexOf(3)).toBeLessThan(places.indexOf(4));
    },
  );
});

describe('A subscription with a pace', () => {
  it.concurrent(
    'gets as many attempts as it asks for and no more in any second, in a backlog and as events trickle',
    async () => {
      const api = await app.createTestOrganization();
      const maxPerSecond = 10;
      const { id } = await api.subscribe(receiver.url('/paced'), ['TagCreated'], { maxPerSecond });
      await Promise.all(Array.from({ length: 30 }, (_, index) => api.createTag(`backlog ${index}`)));
      await waitFor(
        'the backlog',
        () => receiver.of(id).length === 30,
        () => receiver.of(id).length,
      );
      for (let count = 1; count <= 15; count++) {
        await api.createTag(`trickle ${count}`);
        await waitFor('it to come', () => receiver.of(id).length === 30 + count);
      }
      await books(api, id);
      const attempts = await app.database.sql<{ at: number }>(
        'SELECT extract(epoch FROM started_at)::float8 * 1000 AS at FROM webhook_attempts WHERE subscription_id = $1',
        [id],
      );
      const times = attempts.map(({ at }) => at);
      expect(times).toHaveLength(45);
      const within = times.map((begin) => times.filter((at) => at >= begin && at < begin + 1_000).length);
      expect(Math.max(...within)).toBeLessThanOrEqual(maxPerSecond + 1);
    },
  );
});
