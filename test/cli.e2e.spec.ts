import { randomUUID } from 'node:crypto';
import { runCommand } from '#apps/cli/commands.js';
import { VERSION } from '#apps/product.js';
import { ApiClient } from './support/api-client.js';
import { connectTo } from '#libs/testing/connections.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { launch } from './support/launch.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await cli('migrate');
});
afterAll(() => app.close());

const env = () => ({
  DATABASE_URL: app.database.appUrl,
  DATABASE_OWNER_URL: app.database.ownerUrl,
  DESKSTREAM_MASTER_KEY: app.runtime.config.masterKey,
});

/** Runs a command beside the application, and answers what it told. */
async function cli(...args: string[]): Promise<string> {
  const lines: string[] = [];
  await runCommand(args, env(), (line) => lines.push(line));
  return lines.join('\n');
}

/** The same in a process of its own, as people do. */
async function run(...args: string[]): Promise<{ status: number | null; output: string }> {
  const command = launch(['dist/apps/cli/main.js', ...args], env());
  return { status: await command.end(), output: command.output() };
}

describe('The command line', () => {
  it('makes organizations, each with a token of its own', async () => {
    const told = await cli('organization', 'create', 'Example Ltd');
    const [, id, secret] = /Organization\s+(\S+)\nAPI token\s+(\S+)/.exec(told) ?? [];
    const api = new ApiClient(app.url, secret as string);
    expect((await api.get('/v1/organization')).body.data).toMatchObject({ id, name: 'Example Ltd' });
    expect((await api.get('/v1/tokens')).body.data).toMatchObject([{ name: 'Administrator', scopes: ['admin'] }]);
    expect(await cli('organization', 'list')).toMatch(new RegExp(`^${id}  Example Ltd$`, 'm'));
    expect(await cli('organization', 'list')).toMatch(/ Demo$/m);
    await expect(cli('organization', 'create', ' ')).rejects.toThrow('The name must not be empty.');
    await expect(cli('organization')).rejects.toThrow('organization create <name>');
  });

  it('issues, lists, rotates and revokes tokens of any organization', async () => {
    const { organizationId } = await app.createTestOrganization();
    const of = ['--organization', organizationId];
    const secret = await cli(
      'token',
      'issue',
      'teams:read',
      '--scopes',
      'tags:read,agents:read',
      '--name',
      'BI',
      ...of,
    );
    const api = new ApiClient(app.url, secret);
    expect((await api.get('/v1/tags')).status).toBe(200);
    expect((await api.post('/v1/tags', { name: 'x' })).status).toBe(403);
    const line = (await cli('token', 'list', ...of)).split('\n')[1] as string;
    expect(line).toMatch(/^\S{36} {2}Active {3}BI {2}teams:read,tags:read,agents:read {2}(never used|last used \S+)$/);
    const id = line.slice(0, 36);
    const renewed = new ApiClient(app.url, await cli('token', 'rotate', id, '--overlap', '60', ...of));
    expect([(await api.get('/v1/tags')).status, (await renewed.get('/v1/tags')).status]).toEqual([200, 200]);
    await cli('token', 'revoke', id, ...of);
    expect(await cli('token', 'list', ...of)).toContain(`${id}  Revoked`);
    await expect(cli('token', 'revoke', id)).rejects.toThrow(`API token ${id} could not be found`);
  });

  it('issues tokens of the demo organization when it is told nothing else', async () => {
    const api = new ApiClient(app.url, await cli('token', '--expires', '2099-01-01T00:00:00Z'));
    expect((await api.get('/v1/organization')).body.data.name).toBe('Demo');
    expect((await api.get('/v1/tokens')).body.data.at(-1)).toMatchObject({
      scopes: ['admin'],
      expiresAt: '2099-01-01T00:00:00.000Z',
    });
    const limited = new ApiClient(app.url, await cli('token', 'tags:read'));
    expect((await limited.get('/v1/teams')).status).toBe(403);
  });

  it('tells its commands to whoever asks for help', async () => {
    expect(await cli('--version')).toBe(VERSION);
    expect(await cli('--help')).toMatch(/^Commands:\n {2}npm run cli -- migrate/);
    await expect(cli('nothing')).rejects.toThrow('Commands:');
  });

  it('is a program: it prints and ends with 0, or says in a line what is wrong and ends with 2', async () => {
    expect(await run('organization', 'list')).toEqual({
      status: 0,
      output: expect.stringMatching(/^\S{36} {2}Demo$/m),
    });
    const { status, output } = await run('token', 'tags:see');
    expect(status).toBe(2);
    expect(output.trim()).toMatch(/^The scope must be one of: admin,.*$/);
  });

  it('says what is wrong with what it is told', async () => {
    await expect(cli('token', 'tags:see')).rejects.toThrow('The scope must be one of: admin,');
    await expect(cli('token', 'tag:read')).rejects.toThrow(
      'The scope is tag:read, which is not a known value; did you mean tags:read?',
    );
    await expect(cli('token', '--expires', 'soon')).rejects.toThrow('--expires must be an instant');
    await expect(cli('token', '--expires', '2020-01-01T00:00:00Z')).rejects.toThrow('must be in the future');
    await expect(cli('token', '--never')).rejects.toThrow("Unknown option '--never'");
    await expect(cli('token', 'list', '--organization', 'x')).rejects.toThrow('--organization must be an id');
    await expect(cli('token', 'list', '--organization', randomUUID())).rejects.toThrow('There is no organization');
    await expect(cli('nothing')).rejects.toThrow('npm run cli -- organization create <name>');
  });

  it('says where the phone numbers of any organization are from', async () => {
    const api = await app.createTestOrganization();
    await cli('region', 'DK', '--organization', api.organizationId);
    const answer = await api.post('/v1/endusers', { phoneNumber: '32123456' });
    expect(answer.body.data.phoneNumber).toBe('+4532123456');
  });

  it('explains each command to whoever asks for help', async () => {
    const names = [...(await cli('--help')).matchAll(/^ {2}npm run cli -- (\S+)/gm)].map(([, name]) => name as string);
    expect(new Set(names).size).toBeGreaterThan(9);
    for (const name of new Set(names)) expect(await cli(name, '--help')).toContain(`npm run cli -- ${name}`);
  });

  it('tells the status, which is a problem while receivers fail', async () => {
    expect(JSON.parse(await cli('status', '--json'))).toMatchObject({
      status: 'ok',
      checks: [
        { name: 'version', detail: expect.stringMatching(/^Deskstream \d+\.\d+\.\d+ on Node/) },
        { name: 'database', detail: expect.stringMatching(/^PostgreSQL 18/) },
        { name: 'migrations', state: 'ok' },
        { name: 'relay lag' },
        { name: 'backlog', detail: '0 deliveries are due, 0 wait' },
        { name: 'receivers', detail: 'none fails' },
        { name: 'replica', state: 'skipped' },
        { name: 'redis', state: 'skipped' },
      ],
    });
    expect((await run('status')).status).toBe(0);
  });

  it('finds what is wrong with an installation', async () => {
    const checks = async (...args: string[]) =>
      Object.fromEntries(
        (JSON.parse(await cli('doctor', '--json', ...args)).checks as { name: string; state: string }[]).map(
          ({ name, state }) => [name, state],
        ),
      );
    expect(await checks()).toEqual({
      configuration: 'ok',
      database: 'ok',
      pooler: 'ok',
      'owner rights': 'ok',
      migrations: 'ok',
      rebuilds: 'ok',
      'api role': 'ok',
      'worker role': 'ok',
      clock: 'ok',
      replica: 'skipped',
      redis: 'skipped',
      disk: 'ok',
      outgoing: 'skipped',
    });
    expect(await checks('--url', 'https://nowhere.invalid')).toMatchObject({ dns: 'problem', https: 'problem' });
    const command = launch(['dist/apps/cli/main.js', 'doctor'], { ...env(), PORT: 'x' });
    expect(await command.end()).toBe(1);
    expect(command.output()).toMatch(/^problem +configuration/);
  });

  it('finds what a rebuild that was killed has left, and how to end it', async () => {
    const rebuilds = async () => /^\S+ +rebuilds +.*$/m.exec(await cli('doctor'))?.[0];
    const reader = await connectTo(app.database.ownerUrl);
    // Whoever reads the table keeps it where it is.
    await reader.query('BEGIN; SELECT FROM tags');
    const rebuild = launch(['dist/apps/cli/main.js', 'rebuild', 'tags'], env());
    await waitFor('the rebuild', async () => {
      const found = await app.database.sql(`SELECT to_regclass('rebuild_tags.tags') AS shadow`);
      return (found[0] as { shadow: string | null }).shadow;
    });
    expect(await rebuilds()).toMatch(/^ok +rebuilds +none was interrupted$/);
    await rebuild.end('SIGKILL');
    const problem = await waitFor('its end', async () => /^problem.*$/.exec((await rebuilds()) ?? '')?.[0]);
    expect(problem).toMatch(
      /that of tags was interrupted, .*: npm run cli -- rebuild tags\. .*: DROP SCHEMA rebuild_tags CASCADE$/,
    );
    await reader.end();
    await cli('rebuild', 'tags');
    expect(await rebuilds()).toMatch(/^ok/);
  });

  it('tells the receivers that fail, retries a delivery and recovers a period', async () => {
    const working = await startTestApp({
      worker: true,
      env: { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8', WEBHOOK_RETRY_SCHEDULE: '0.2' },
      beside: app,
    });
    const receiver = await startWebhookReceiver();
    try {
      const api = await app.createTestOrganization();
      receiver.answerWith(500);
      const { id } = await api.subscribe(receiver.url, ['TagCreated']);
      await api.createTag('VIP');
      const deliveryId = await waitFor('a delivery that is given up', async () => {
        const { body } = await api.get(`/v1/webhooks/${id}/deliveries?state=exhausted`);
        return body.data[0]?.id as string | undefined;
      });
      const { data } = JSON.parse(await cli('deliveries', '--json'));
      expect(data).toMatchObject([{ subscriptionId: id, organizationId: api.organizationId, organization: 'Test' }]);
      expect((await run('deliveries')).status).toBe(1);
      expect(await cli('status')).toMatch(/^problem +receivers +1 failing/m);
      receiver.answerWith(200);
      const of = ['--organization', api.organizationId];
      expect(await cli('deliveries', 'retry', id, deliveryId, ...of)).toBe(`Delivery ${deliveryId} is pending.`);
      await waitFor('the delivery', async () => {
        const { body } = await api.get(`/v1/webhooks/${id}/deliveries/${deliveryId}`);
        return body.data.state === 'delivered' || undefined;
      });
      const since = new Date(Date.now() - 60_000).toISOString();
      expect(await cli('deliveries', 'recover', id, '--since', since, ...of)).toMatch(/^Recovery \S+ is \w+\.$/);
      expect(await cli('deliveries')).toBe('No receiver fails.');
      await expect(cli('deliveries', 'recover', id, ...of)).rejects.toThrow('--since must be given');
      await expect(cli('deliveries', 'retry', id, 'x', ...of)).rejects.toThrow('Name the delivery by its id.');
    } finally {
      await working.close();
      await receiver.close();
    }
  });

  it('follows the events of an organization', async () => {
    const api = await app.createTestOrganization();
    const of = ['--organization', api.organizationId, '--types', 'TagCreated'];
    const tail = launch(['dist/apps/cli/main.js', 'events', 'tail', '--from', 'beginning', '--json', ...of], env());
    await api.createTag('VIP');
    const [line] = await tail.told(/^\{.*\}$/m);
    expect(JSON.parse(line)).toMatchObject({ type: 'TagCreated', data: { name: 'VIP' } });
    await api.createTag('Late');
    await tail.told(/"name":"Late"/);
    expect(await tail.end('SIGINT')).toBe(0);
    expect(await cli('events', 'tail', '--from', 'beginning', '--max', '1', ...of)).toMatch(/^\S+Z {2}TagCreated /);
    await expect(cli('events', 'tail', '--max', '0')).rejects.toThrow('--max must be');
  });
});
