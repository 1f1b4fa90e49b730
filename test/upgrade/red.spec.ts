import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { runCommand } from '#apps/cli/commands.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { ApiClient } from '../support/api-client.js';
import { callEveryOperation, type Called, type Document } from '../support/every-operation.js';
import { type Ground, prepareGround } from '../support/installation.js';
import { launch, type Launched } from '../support/launch.js';
import { problemsOf } from '../support/log-lines.js';

const FOLDER = process.env.RELEASE_BEFORE_FOLDER as string;

let ground: Ground;
let receiver: WebhookReceiver;
let url: string;
let api: Launched;
let worker: Launched;
beforeAll(async () => {
  ground = await prepareGround();
  await ground.database.sql('ALTER TABLE conversations ADD COLUMN narrow text NOT NULL');
  receiver = await startWebhookReceiver();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const start = (program: string, env: NodeJS.ProcessEnv = {}) =>
    launch([join(FOLDER, 'dist', 'apps', program, 'main.js')], { ...ground.variables, ...env });
  [api, worker] = [start('api', { PORT: String(port) }), start('worker')];
  await Promise.all([api.told(/The API is served/), worker.told(/The worker is running/)]);
});
afterAll(async () => {
  await Promise.all([api, worker].map((one) => one.end('SIGTERM')));
  await receiver.close();
  await ground.remove();
});

async function createOrganization(): Promise<ApiClient> {
  const lines: string[] = [];
  await runCommand(['organization', 'create', randomUUID()], ground.variables, (line) => lines.push(line));
  const [, secret] = /^API token\s+(\S+)/m.exec(lines.join('\n')) ?? [];
  return new ApiClient(url, secret as string);
}

/** The statuses of operations, by their ids. */
const statusesOf = (called: Called[], holds: (status: number) => boolean) =>
  called.filter(({ answer }) => holds(answer.status)).map(({ operationId, answer }) => [operationId, answer.status]);

describe('The release before, on the database of this one', () => {
  it('serves every operation, and delivers', async () => {
    const document = (await new ApiClient(url, '').get('/openapi.json')).body as Document;
    const called = await callEveryOperation(document, createOrganization, receiver);
    expect(called.length).toBeGreaterThan(50);
    expect(statusesOf(called, (status) => status >= 400)).toEqual([]);
    expect(receiver.received.length).toBeGreaterThan(0);
    expect([...problemsOf(api), ...problemsOf(worker)]).toEqual([]);
  });
});
