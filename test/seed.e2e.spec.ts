import { randomUUID } from 'node:crypto';
import { runCommand } from '#apps/cli/commands.js';
import { seedExamples } from '#apps/cli/seed/seed.js';
import { ApiClient } from './support/api-client.js';
import { type Document, type ExampleRequest, exampleRequests } from './support/example-requests.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const NO_WORKER = 'only a worker makes deliveries, of a subscription that is on';
/** Operations whose example requests cannot succeed in an organization that has only demo data, and why. */
const NEED_MORE: Record<string, string> = {
  WebhookDeliveries_cancel: NO_WORKER,
  WebhookDeliveries_getById: NO_WORKER,
  WebhookDeliveries_retry: NO_WORKER,
};
const AT_ONCE = 4;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

async function cli(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const env = {
    DATABASE_URL: app.database.appUrl,
    DATABASE_OWNER_URL: app.database.ownerUrl,
    DESKSTREAM_MASTER_KEY: app.runtime.config.masterKey,
  };
  await runCommand(args, env, (line) => lines.push(line));
  return lines.join('\n');
}

/** Sends the request in an organization of its own, and returns the answer if it is a failure. */
async function failureOf({ method, path, body }: ExampleRequest): Promise<string | undefined> {
  const api = await app.createTestOrganization();
  await seedExamples(app.runtime, api);
  const answer = await (path === '/v1/events/stream'
    ? api.open(path)
    : api.send(method, path, body, { 'idempotency-key': randomUUID() }));
  const told = JSON.stringify(answer.body ?? '');
  return answer.status >= 400 || told.includes('BulkActionFailure') ? `${answer.status} ${told}` : undefined;
}

async function count(api: ApiClient, path: string): Promise<number> {
  let counted = 0;
  for (let next: string | undefined = path; next;) {
    const { body } = await api.get(next);
    counted += body.data.length as number;
    next = (body.meta?.next as string | undefined)?.slice(app.url.length);
  }
  return counted;
}

describe('Demo data', () => {
  it('fills an organization, and changes nothing a second time', async () => {
    const api = await app.createTestOrganization();
    const of = ['--organization', api.organizationId];
    expect(await cli('seed', ...of)).toBe('Made 539 entities.');
    const paths = ['agents', 'teams', 'queues', 'endusers?limit=100', 'conversations?limit=100'];
    expect(await Promise.all(paths.map((path) => count(api, `/v1/${path}`)))).toEqual([12, 4, 5, 200, 300]);
    for (const state of ['Open', 'Pending', 'Closed']) {
      expect(await count(api, `/v1/conversations?state=${state}&limit=100`)).toBeGreaterThan(20);
    }
    expect(await cli('seed', ...of)).toBe('The demo data exists already: nothing was changed.');
  });

  it('makes no entity that would repeat the organization’s own data', async () => {
    const api = await app.createTestOrganization();
    await api.createAgent({ email: 'bob@acme.example' });
    await expect(cli('seed', '--organization', api.organizationId)).rejects.toThrow('has data of its own');
    expect(await count(api, '/v1/endusers')).toBe(0);
  });

  it('has what the example request of each operation needs', async () => {
    const document = (await new ApiClient(app.url, '').get('/openapi.json')).body as Document;
    const requests = exampleRequests(document);
    const failures: Record<string, string> = {};
    const send = async () => {
      for (let request = requests.pop(); request; request = requests.pop()) {
        const failure = await failureOf(request);
        if (failure) failures[request.operationId] = failure;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, send));
    const unexplained = Object.entries(failures).filter(([operationId]) => !NEED_MORE[operationId]);
    expect(unexplained).toEqual([]);
    expect(Object.keys(failures).sort()).toEqual(Object.keys(NEED_MORE));
  });
});
