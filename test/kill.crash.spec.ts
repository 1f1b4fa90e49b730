import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { createHome, type Home, type Instance, killPostgres, startInstance, stop } from './support/instance.js';

const ROUNDS = 4;
const CLIENTS = 8;

let home: Home;
beforeAll(async () => {
  home = await createHome();
});
afterAll(() => home.remove());

/** Creates tags until the instance dies; notes those that were answered with 200. */
async function createTags(instance: Instance, prefix: string, acknowledged: Map<string, string>): Promise<void> {
  for (let i = 0; ; i++) {
    const name = `${prefix}-${i}`;
    const answer = await instance.api.post('/v1/tags', { name }).catch(() => undefined);
    if (!answer) return;
    if (answer.status === 200) acknowledged.set(name, answer.body.data.id as string);
  }
}

describe('kill -9 of the process and of its database at random moments', () => {
  it('loses no tag that was answered with 200, and no delivery of one', async () => {
    const receiver = await startWebhookReceiver();
    const acknowledged = new Map<string, string>();
    let instance = await startInstance(home);
    await instance.api.subscribe(receiver.url, ['TagCreated']);
    for (let round = 0; round < ROUNDS; round++) {
      const clients = Array.from({ length: CLIENTS }, (_, c) => createTags(instance, `r${round}-c${c}`, acknowledged));
      const target = acknowledged.size + 20 + Math.round(Math.random() * 400);
      await waitFor(
        'some tags',
        () => acknowledged.size >= target,
        () => acknowledged.size,
      );
      const [databaseToo, databaseFirst] = [round % 2 === 0, Math.random() < 0.5];
      if (databaseToo && databaseFirst) await killPostgres(home.dataDir);
      await stop(instance, 'SIGKILL');
      if (databaseToo && !databaseFirst) await killPostgres(home.dataDir);
      await Promise.all(clients);
      instance = await startInstance(home);
    }
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
});
