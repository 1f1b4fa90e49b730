import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from '../support/api-client.js';
import { settled, tagEvents } from '../support/ledger.js';
import { ACCEPT, REFUSE, type ScriptedReceiver, startScriptedReceiver } from '../support/scripted-receiver.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const PAUSE_MS = 200;

let app: TestApp;
let receiver: ScriptedReceiver;
let api: ApiClient;
beforeAll(async () => {
  receiver = await startScriptedReceiver();
  app = await startTestApp({ worker: true, env: { WEBHOOK_RETRY_SCHEDULE: '0.2,0.2,0.2' } });
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});
beforeEach(async () => {
  api = await app.createTestOrganization();
});

const books = (...subscriptions: string[]) =>
  settled(app.database, api.organizationId, { subscriptions, requests: receiver.arrivals });
const events = () => tagEvents(app.database, api.organizationId);
const createTags = async (count: number, name: string) => {
  for (let index = 0; index < count; index++) await api.createTag(`${name} ${index}`);
};
/** The events that came, in this order; attempts of one that come one after the other are one. */
const sequence = (id: string) =>
  receiver.of(id).flatMap(({ eventId }, index, all) => (eventId === all[index - 1]?.eventId ? [] : [eventId]));

describe('In fifo order', () => {
  it('events arrive as they were recorded, whoever wrote them, and wait for each that fails', async () => {
    const { id } = await api.subscribe(receiver.url('/fifo'), ['TagCreated'], { ordering: 'fifo' });
    const failing = new Set<string>();
    receiver.behave('/fifo', ({ eventId, attempt }) => {
      if (attempt === 1 && receiver.of(id).length % 15 === 1) failing.add(eventId);
      return attempt <= 2 && failing.has(eventId) ? REFUSE : ACCEPT;
    });
    await Promise.all(['a', 'b', 'c'].map((writer) => createTags(10, writer)));
    await books(id);
    expect(sequence(id)).toEqual(await events());
    expect(failing.size).toBeGreaterThan(1);
  });

  it('an event that fails to its last attempt is given up, and the next one goes', async () => {
    let poison = '';
    receiver.behave('/poison', ({ eventId }) => ((poison ||= eventId) === eventId ? REFUSE : ACCEPT));
    const { id } = await api.subscribe(receiver.url('/poison'), ['TagCreated'], { ordering: 'fifo' });
    await createTags(5, 'tag');
    const entries = await books(id);
    expect(sequence(id)).toEqual(await events());
    const inOrder = (await events()).map((event) => entries.find(({ eventId }) => eventId === event));
    expect(inOrder.map((entry) => [entry?.state, entry?.attempts])).toEqual([
      ['exhausted', 4],
      ...Array.from({ length: 4 }, () => ['delivered', 1]),
    ]);
  });

  it('deliveries that wait are kept, with the pauses between their attempts, when the order changes and changes back', async () => {
    receiver.behave('/both', ({ attempt }) => (attempt <= 2 ? REFUSE : ACCEPT));
    const { id } = await api.subscribe(receiver.url('/both'), ['TagCreated'], { ordering: 'fifo' });
    const patch = (ordering: string) => api.patch(`/v1/webhooks/${id}`, { ordering });
    await createTags(4, 'fifo');
    await waitFor('the first attempt', () => receiver.of(id).length > 0);
    await patch('unordered');
    await waitFor('attempts of all', () => new Set(sequence(id)).size === 4);
    await patch('fifo');
    await createTags(2, 'fifo again');
    const entries = await books(id);
    expect(new Set(entries.map(({ outcomes }) => outcomes.join()))).toEqual(new Set(['refused,refused,delivered']));
    const times = Map.groupBy(receiver.of(id), ({ eventId }) => eventId).values();
    const gaps = [...times].flatMap((ofOne) => ofOne.slice(1).map(({ at }, index) => at - (ofOne[index]?.at ?? 0)));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(PAUSE_MS);
  });
});

describe('A subscription with a pace', () => {
  it('gets as many attempts as it asks for and no more in any second, in a backlog and as events trickle', async () => {
    const maxPerSecond = 10;
    const { id } = await api.subscribe(receiver.url('/paced'), ['TagCreated'], { maxPerSecond });
    await Promise.all(Array.from({ length: 30 }, (_, index) => api.createTag(`backlog ${index}`)));
    await waitFor('the backlog', () => receiver.of(id).length === 30);
    for (let count = 1; count <= 15; count++) {
      await api.createTag(`trickle ${count}`);
      await waitFor('it to come', () => receiver.of(id).length === 30 + count);
    }
    await books(id);
    const times = receiver.of(id).map(({ at }) => at);
    expect((times[29] ?? Infinity) - (times[0] ?? 0)).toBeLessThan((1.6 * 29_000) / maxPerSecond);
    const within = times.map((begin) => times.filter((at) => at >= begin && at < begin + 1_000).length);
    expect(Math.max(...within)).toBeLessThanOrEqual(maxPerSecond + 1);
  });
});
