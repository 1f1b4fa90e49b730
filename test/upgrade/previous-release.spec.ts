import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { runCommand } from '#apps/cli/commands.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { ApiClient } from '../support/api-client.js';
import { callEveryOperation, type Called, type Document } from '../support/every-operation.js';
import { type Ground, prepareGround } from '../support/installation.js';
import { launch, type Launched } from '../support/launch.js';
import { createSupportTeam, emailFrom } from '../support/support-team.js';
import { problemsOf } from '../support/log-lines.js';

const FOLDER = process.env.PREVIOUS_RELEASE_FOLDER as string;

let ground: Ground;
let receiver: WebhookReceiver;
/** The URLs of the previous release and of this one. */
let [url, urlOfThis]: string[] = [];
let api: Launched;
let worker: Launched;
let apiOfThis: Launched;
beforeAll(async () => {
  ground = await prepareGround();
  receiver = await startWebhookReceiver();
  const [port, portOfThis] = [await freePort(), await freePort()];
  [url, urlOfThis] = [port, portOfThis].map((one) => `http://127.0.0.1:${one}`);
  const start = (program: string, env: NodeJS.ProcessEnv = {}) =>
    launch([join(FOLDER, 'dist', 'apps', program, 'main.js')], { ...ground.variables, ...env });
  [api, worker] = [start('api', { PORT: String(port) }), start('worker')];
  apiOfThis = launch(['dist/apps/api/main.js'], { ...ground.variables, PORT: String(portOfThis) });
  await Promise.all([
    ...[api, apiOfThis].map((one) => one.told(/The API is served/)),
    worker.told(/The worker is running/),
  ]);
});
afterAll(async () => {
  await Promise.all([api, apiOfThis, worker].map((one) => one.end('SIGTERM')));
  await receiver.close();
  await ground.remove();
});

async function createOrganization(): Promise<ApiClient> {
  const lines: string[] = [];
  await runCommand(['organization', 'create', randomUUID()], ground.variables, (line) => lines.push(line));
  const [, secret] = /^API token\s+(\S+)/m.exec(lines.join('\n')) ?? [];
  return new ApiClient(url as string, secret as string);
}

/** The statuses of operations, by their ids. */
const statusesOf = (called: Called[], holds: (status: number) => boolean) =>
  called.filter(({ answer }) => holds(answer.status)).map(({ operationId, answer }) => [operationId, answer.status]);

describe('The previous release, on the database of this one', () => {
  it('serves every operation, and delivers', async () => {
    const document = (await new ApiClient(url as string, '').get('/openapi.json')).body as Document;
    const called = await callEveryOperation(document, createOrganization, receiver);
    expect(called.length).toBeGreaterThan(50);
    expect(statusesOf(called, (status) => status >= 400)).toEqual([]);
    expect(receiver.received.length).toBeGreaterThan(0);
    expect([...problemsOf(api), ...problemsOf(worker)]).toEqual([]);
  });

  it('serves what this one has written without events that are new, and this one what that one has written', async () => {
    const before = await createOrganization();
    const now = new ApiClient(urlOfThis as string, before.token);
    const { userId, queueId } = await createSupportTeam(now);
    const { id: tagId } = await now.create('/v1/tags', { name: 'VIP' });
    const paths = [`/v1/endusers/${userId}`, `/v1/queues/${queueId}`, `/v1/tags/${tagId}`, '/v1/agents', '/v1/events'];
    const answers = await Promise.all(paths.map((path) => before.get(path)));
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
    const { id } = await before.create('/v1/conversations', emailFrom(userId));
    const conversation = `/v1/conversations/${id}`;
    expect((await now.put(`${conversation}/tags/${tagId}`)).status).toBe(204);
    expect((await before.get(conversation)).body.data.id).toBe(id);
    expect(problemsOf(apiOfThis)).toEqual([]);
  });
});
