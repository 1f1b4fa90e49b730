import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { runningEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { connectTo } from '#libs/testing/connections.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { dumpOf } from './support/dump.js';
import { createHome, type Home, type Instance, killPostgres, startInstance, stop } from './support/instance.js';
import { emailFrom } from './support/support-team.js';

const CONVERSATIONS = 250;
const SURNAME = 'Quibblesworth';

let home: Home;
beforeAll(async () => {
  home = await createHome();
});
afterAll(() => home.remove());

async function withDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const urls = await runningEmbeddedPostgres(home.dataDir);
  const client = await connectTo(urls?.ownerUrl as string);
  return work(client).finally(() => client.end());
}

const dump = () => withDatabase((client) => dumpOf(async (text) => (await client.query(text)).rows));
const anonymized = () =>
  withDatabase(async (client) => {
    const { rows } = await client.query(
      'SELECT count(*)::int AS count FROM conversations WHERE anonymized_at IS NOT NULL',
    );
    return rows[0].count as number;
  });

const outputs: (() => string)[] = [];

/** With all that it can say in its log. */
async function start(): Promise<Instance> {
  const instance = await startInstance(home, { LOG_LEVEL: 'trace' });
  outputs.push(instance.output);
  return instance;
}

/** Kills the instance, and its database every other time, whenever the processing has come so far. */
async function crashOnTheWay(instance: Instance): Promise<Instance> {
  let running = instance;
  for (const [index, reached] of [0, 20, 90, 180, CONVERSATIONS].entries()) {
    await waitFor(`${reached} conversations to be anonymized`, async () => (await anonymized()) >= reached, anonymized);
    if (index % 2 === 0) await killPostgres(home.dataDir);
    await stop(running, 'SIGKILL');
    running = await start();
  }
  return running;
}

describe('kill -9 while an end user is anonymized', () => {
  it('leaves no trace of the person once the processing has come to its end', async () => {
    const receiver = await startWebhookReceiver();
    receiver.answerWith(200, `thanks, Mrs. ${SURNAME}`);
    let instance = await start();
    const { api } = instance;
    await api.subscribe(receiver.url, ['EndUserCreated', 'ConversationCreated', 'ConversationClosed']);
    const ada = { displayName: `Ada ${SURNAME}`, email: `ada@${SURNAME}.example` };
    const user = await api.create('/v1/endusers', ada);
    expect((await api.post('/v1/endusers', ada)).status).toBe(400);
    await Promise.all(
      Array.from({ length: CONVERSATIONS }, (_, i) =>
        api.create('/v1/conversations', emailFrom(user.id, { subject: `${SURNAME} ${i}` })),
      ),
    );
    expect(await dump()).toContain(SURNAME);

    const requested = await api.patch(`/v1/endusers/${user.id}/anonymize?force=true`);
    expect(requested.status).toBe(202);
    instance = await crashOnTheWay(instance);
    const request = `/v1/anonymization/request/${requested.body.data.id}`;
    await waitFor('the processing', async () => (await instance.api.get(request)).body.data.processedAt, anonymized);
    expect((await dump()).toLowerCase()).not.toContain(SURNAME.toLowerCase());
    const logs = [
      ...outputs.map((output) => output()),
      await readFile(join(home.dataDir, 'postgres/server.log'), 'utf8'),
    ];
    expect(logs.filter((log) => log.toLowerCase().includes(SURNAME.toLowerCase()))).toEqual([]);
    const { body } = await instance.api.get(`/v1/endusers/${user.id}/conversations?pageLimit=200`);
    expect(new Set(body.data.map(({ _type }: { _type: string }) => _type))).toEqual(
      new Set(['AnonymizedConversation']),
    );
    await stop(instance, 'SIGTERM');
    await receiver.close();
  });
});
