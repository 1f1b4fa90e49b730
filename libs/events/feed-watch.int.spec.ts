import { randomUUID } from 'node:crypto';
import { Notifications } from '#libs/database/notifications.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { FeedWatch } from './feed-watch.js';

let database: TestDatabase;
let listening: Notifications;
let announcing: Notifications;
beforeEach(async () => {
  database = await createTestDatabase();
  [listening, announcing] = [new Notifications(database.appUrl), new Notifications(database.appUrl)];
});
afterEach(async () => {
  await Promise.all([listening.close(), announcing.close()]);
  await database.drop();
});

const PATIENCE_MS = 20_000;
const { signal: endless } = new AbortController();

/** Returns watches of `count` organizations, in a process that already listens. */
async function watches(count: number) {
  const feed = new FeedWatch(listening);
  const opened = Array.from({ length: count }, () => {
    const organizationId = randomUUID();
    return { organizationId, watch: feed.open(organizationId) };
  });
  // The first reason to look is a poll. The connection is made by then.
  await Promise.all(opened.map(({ watch }) => watch.next(PATIENCE_MS, endless)));
  return opened;
}

describe('A watch', () => {
  it('is told of what another process announces for its organization, and of nothing else', async () => {
    const [mine, other] = await watches(2);
    const before = mine?.watch.reason;
    announcing.signal(other?.organizationId as string);
    await other?.watch.next(PATIENCE_MS, endless);
    await mine?.watch.next(0, endless);
    expect(mine?.watch.reason).toBe(before);
    announcing.signal(mine?.organizationId as string);
    await mine?.watch.next(PATIENCE_MS, endless);
    expect(mine?.watch.reason).toBe((before as number) + 1);
    for (const { watch } of [mine, other] as { watch: { close(): void } }[]) watch.close();
  });

  it('is told when more organizations are announced at once than can be named', async () => {
    const opened = await watches(250);
    const announced = new Promise<void>((resolve) => {
      listening.listen((organizationIds) => {
        if (!organizationIds) resolve();
      });
    });
    for (const { organizationId } of opened) announcing.signal(organizationId);
    await Promise.all([announced, ...opened.map(({ watch }) => watch.next(PATIENCE_MS, endless))]);
    for (const { watch } of opened) watch.close();
  });

  it('ends with its signal', async () => {
    const [opened] = await watches(1);
    const reader = new AbortController();
    const waiting = opened?.watch.next(PATIENCE_MS, reader.signal);
    reader.abort();
    await waiting;
    opened?.watch.close();
  });
});
