import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type Answer } from './support/api-client.js';
import { createHome, type Home, type Instance, killPostgres, startInstance, stop } from './support/instance.js';

const ROUNDS = 4;
const CLIENTS = 8;
/** More than one transaction holds. */
const BULK = 300;

let home: Home;
beforeAll(async () => {
  home = await createHome();
});
afterAll(() => home.remove());

/** What a client does until its instance dies. */
type Work = (instance: Instance, client: string) => Promise<void>;

/**
 * Starts an instance, and kills it and in every other round its database, while clients work.
 * @param count what moves: how much has been acknowledged
 * @returns an instance that has started after all
 */
async function killWhile(work: Work, count: () => number, before?: (instance: Instance) => Promise<unknown>) {
  let instance = await startInstance(home);
  await before?.(instance);
  for (let round = 0; round < ROUNDS; round++) {
    const clients = Array.from({ length: CLIENTS }, (_, c) => work(instance, `r${round}-c${c}`));
    const target = count() + 20 + Math.round(Math.random() * 400);
    await waitFor('something to be acknowledged', () => count() >= target, count);
    const [databaseToo, databaseFirst] = [round % 2 === 0, Math.random() < 0.5];
    if (databaseToo && databaseFirst) await killPostgres(home.dataDir);
    await stop(instance, 'SIGKILL');
    if (databaseToo && !databaseFirst) await killPostgres(home.dataDir);
    await Promise.all(clients);
    instance = await startInstance(home);
  }
  return instance;
}

/** Creates tags until the instance dies; notes those that were answered with 200. */
async function createTags(instance: Instance, prefix: string, acknowledged: Map<string, string>): Promise<void> {
  for (let i = 0; ; i++) {
    const name = `${prefix}-${i}`;
    const answer = await instance.api.post('/v1/tags', { name }).catch(() => undefined);
    if (!answer) return;
    if (answer.status === 200) acknowledged.set(name, answer.body.data.id as string);
  }
}

/** Imports end users until the instance dies; notes those that were answered. */
async function importEndUsers(instance: Instance, prefix: string, acknowledged: Map<string, string>): Promise<void> {
  for (let i = 0; ; i++) {
    const data = Array.from({ length: BULK }, (_, item) => ({ externalId: `${prefix}-${i}-${item}` }));
    const answer = await instance.api.post('/v1/endusers/bulk', { data }).catch(() => undefined);
    if (!answer) return;
    if (answer.status !== 201) continue;
    const outcomes = answer.body.data as { data?: { id: string; externalId: string } }[];
    for (const { data: endUser } of outcomes) if (endUser) acknowledged.set(endUser.externalId, endUser.id);
  }
}

/** All end users by the pages of their list. */
async function endUsersOf({ api }: Instance): Promise<{ id: string; externalId: string }[]> {
  const endUsers: { id: string; externalId: string }[] = [];
  for (let query: string | undefined = '?pageLimit=200'; query !== undefined;) {
    const { data, meta }: Answer['body'] = (await api.get(`/v1/endusers${query}`)).body;
    endUsers.push(...data);
    query = meta.next && new URL(meta.next as string).search;
  }
  return endUsers;
}

/** The streams of all events of a type, as often as there are such events. */
async function streamsOf({ api }: Instance, type: string): Promise<string[]> {
  const streams = [];
  for (let [cursor, more] = ['', true]; more;) {
    const { data, meta } = (await api.get(`/v1/events?from=start&limit=500&types=${type}${cursor}`)).body;
    streams.push(...(data as { stream: string }[]).map(({ stream }) => stream));
    [cursor, more] = [`&cursor=${meta.cursor}`, meta.more as boolean];
  }
  return streams;
}

describe('kill -9 of the process and of its database at random moments', () => {
  it('loses no tag that was answered with 200, and no delivery of one', async () => {
    const receiver = await startWebhookReceiver();
    const acknowledged = new Map<string, string>();
    const instance = await killWhile(
      (running, client) => createTags(running, client, acknowledged),
      () => acknowledged.size,
      ({ api }) => api.subscribe(receiver.url, ['TagCreated']),
    );
    const stored = (await instance.api.get('/v1/tags')).body.data as { id: string; name: string }[];
    const storedIds = new Map(stored.map(({ id, name }) => [name, id]));
    const missing = [...acknowledged].filter(([name, id]) => storedIds.get(name) !== id);
    expect(acknowledged.size).toBeGreaterThan(100);
    expect(missing).toEqual([]);

    const delivered = () => new Set(receiver.received.map(({ payload }) => payload.data.tag.id));
    const all = () => stored.every(({ id }) => delivered().has(id));
    await waitFor('every stored tag to be delivered', all, () => receiver.received.length);
    expect([...delivered()].filter((id) => !stored.some((tag) => tag.id === id))).toEqual([]);
    const duplicates = receiver.received.length - stored.length;
    process.stdout.write(
      `${acknowledged.size} tags acknowledged, ${stored.length} stored, ${duplicates} delivered twice\n`,
    );
    await stop(instance, 'SIGTERM');
    await receiver.close();
  });

  it('loses no end user of a bulk request that was answered, and leaves none in halves', async () => {
    const acknowledged = new Map<string, string>();
    const instance = await killWhile(
      (running, client) => importEndUsers(running, client, acknowledged),
      () => acknowledged.size,
    );
    const stored = await endUsersOf(instance);
    const storedIds = new Map(stored.map(({ id, externalId }) => [externalId, id]));
    expect([...acknowledged].filter(([externalId, id]) => storedIds.get(externalId) !== id)).toEqual([]);
    expect(storedIds.size).toBe(stored.length);
    const created = await streamsOf(instance, 'EndUserCreated');
    expect(created.sort()).toEqual(stored.map(({ id }) => `endUser-${id}`).sort());
    await stop(instance, 'SIGTERM');
  });
});
