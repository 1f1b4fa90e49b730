import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { createTestDatabase } from '#libs/testing/test-database.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { ApiClient } from './support/api-client.js';
import { createHome, type Home, killPostgres, runToEnd, startInstance, stop } from './support/instance.js';

const client = (at: Home) => new ApiClient(`http://127.0.0.1:${at.port}`, at.token);

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.remove());

describe('npm start', () => {
  it('sets everything up at first, prints the URLs and the token once, and finds all data again', async () => {
    await rm(home.dataDir, { recursive: true });
    const first = await startInstance(home, { DESKSTREAM_BOOTSTRAP_TOKEN: '' });
    const token = /dsk_[\w-]{43}/.exec(first.output())?.[0];
    expect(first.output()).toContain(`API         http://127.0.0.1:${home.port}\n`);
    expect(first.output()).toContain(`/docs\n`);
    expect(first.output()).toContain(`/console\n`);
    expect(first.output()).toContain(`/openapi.json\n`);
    const printed = /curl -X POST (\S+) -H "Authorization: Bearer (\S+)"/.exec(first.output());
    expect(printed?.slice(1)).toEqual([`${first.url}/v1/tags`, token]);
    home.token = token as string;
    const id = await client(home).createTag('VIP');
    expect(await stop(first, 'SIGTERM')).toBe(0);

    const second = await startInstance(home, { DESKSTREAM_BOOTSTRAP_TOKEN: '' });
    expect(second.output()).not.toMatch(/dsk_/);
    expect((await client(home).get(`/v1/tags/${id}`)).body.data.name).toBe('VIP');
    expect(await stop(second, 'SIGINT')).toBe(0);
  });

  it('recovers by itself after kill -9 of it and of its database', async () => {
    const first = await startInstance(home);
    const id = await first.api.createTag('kept');
    await stop(first, 'SIGKILL');
    const orphanAdopted = await startInstance(home);
    expect((await orphanAdopted.api.get(`/v1/tags/${id}`)).status).toBe(200);
    await stop(orphanAdopted, 'SIGKILL');
    await killPostgres(home.dataDir);
    const recovered = await startInstance(home);
    expect((await recovered.api.get(`/v1/tags/${id}`)).status).toBe(200);
    await stop(recovered, 'SIGTERM');
  });

  it('is not deceived by a lock file whose process number belongs to another program now', async () => {
    await stop(await startInstance(home), 'SIGTERM');
    const stale = [process.pid, join(home.dataDir, 'postgres'), 1, 5432, '', '127.0.0.1', '', 'ready'].join('\n');
    await writeFile(join(home.dataDir, 'postgres', 'postmaster.pid'), stale);
    await stop(await startInstance(home), 'SIGTERM');
  });

  it('brings its database back when only that is killed', async () => {
    const instance = await startInstance(home);
    const id = await instance.api.createTag('kept');
    await killPostgres(home.dataDir);
    const read = () =>
      instance.api.get(`/v1/tags/${id}`).catch((error: unknown) => {
        throw new Error(`It serves no more: ${instance.output()}`, { cause: error });
      });
    await waitFor('the database', async () => (await read()).status === 200);
    await instance.api.createTag('after');
    expect(await stop(instance, 'SIGTERM')).toBe(0);
  });

  it('finishes requests and deliveries that run when it is told to stop', async () => {
    const instance = await startInstance(home);
    let release: (() => void) | undefined;
    const slow: Server = createServer((_, response) => {
      release = () => response.end('late');
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const { port } = slow.address() as { port: number };
    const { id } = await instance.api.subscribe(`http://127.0.0.1:${port}/`, ['TagCreated']);
    await instance.api.createTag('VIP');
    await waitFor('the delivery to run', () => release);
    const stopped = stop(instance, 'SIGTERM');
    instance.process.kill('SIGTERM');
    await waitFor('the port to be closed', () =>
      fetch(`${instance.url}/health`).then(
        () => false,
        () => true,
      ),
    );
    release?.();
    expect(await stopped).toBe(0);
    slow.close();
    const again = await startInstance(home);
    const [{ deliveryStatus }] = (await again.api.get(`/v1/webhooks/${id}/delivery-status`)).body.data;
    expect(deliveryStatus).toMatchObject({ success: true, responseText: 'late' });
    await stop(again, 'SIGTERM');
  });

  it('does not write its token or the secrets of subscriptions into its log', async () => {
    const instance = await startInstance(home, { LOG_LEVEL: 'trace' });
    const receiver = await startWebhookReceiver();
    const authorization = { _type: 'BasicAuth', username: 'u', password: 'tr0ub4dor' };
    const { secretKey } = await instance.api.subscribe(receiver.url, ['TagCreated'], {
      authorization,
      customHeaders: { 'X-Key': 'c0rrect' },
    });
    await instance.api.createTag('VIP');
    await instance.api.get('/v1/nothing');
    await waitFor('the delivery', () => receiver.received.length > 0);
    await stop(instance, 'SIGTERM');
    await receiver.close();
    expect(instance.output()).toContain('webhook attempt');
    for (const secret of [home.token, secretKey, 'tr0ub4dor', 'c0rrect'])
      expect(instance.output()).not.toContain(secret);
  });
});

describe('npm start says in one line what to do, and ends with 1, when', () => {
  async function refused(env: NodeJS.ProcessEnv): Promise<string> {
    const { status, output } = await runToEnd(home, env);
    expect(status).toBe(1);
    expect(output).not.toMatch(/^\s+at /m);
    return output.trim();
  }

  it('the configuration is faulty, naming all faults', async () => {
    const output = await refused({ PORT: 'x', LOG_LEVEL: 'loud' });
    expect(output).toContain('- PORT must be');
    expect(output).toContain('- LOG_LEVEL must be one of');
  });

  it('the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(home.port, '127.0.0.1', resolve));
    expect(await refused({})).toBe(
      `Port ${home.port} is taken. Stop the program that uses it, or set PORT to another.`,
    );
    other.close();
  });

  it('another instance uses the data directory', async () => {
    const instance = await startInstance(home);
    const output = await refused({ PORT: String(await freePort()) });
    expect(output).toMatch(/is in use by another instance\. Stop that one, or set DESKSTREAM_DATA_DIR/);
    expect((await instance.api.get('/v1/tags')).status).toBe(200);
    await stop(instance, 'SIGTERM');
  });

  it('the data directory cannot be written', async () => {
    const file = join(home.dataDir, 'a-file');
    await writeFile(file, '');
    expect(await refused({ DESKSTREAM_DATA_DIR: join(file, 'data') })).toMatch(
      /cannot be read and written \(ENOTDIR\)\. .*DESKSTREAM_DATA_DIR/,
    );
  });

  it('the database cannot be reached', async () => {
    const port = await freePort();
    const output = await refused({ DATABASE_URL: `postgres://u:geheim@127.0.0.1:${port}/desk` });
    expect(output).toContain(`The database desk at 127.0.0.1:${port} cannot be reached`);
    expect(output).not.toContain('geheim');
  });

  it('the database lacks migrations', async () => {
    const database = await createTestDatabase();
    await database.sql("DELETE FROM migrations WHERE name LIKE 'Tags%'");
    const output = await refused({ DATABASE_URL: database.appUrl });
    expect(output).toBe('The database lacks 1 migration. Apply it with: npm run migrate');
    await database.sql('DROP TABLE migrations');
    expect(await refused({ DATABASE_URL: database.appUrl })).toContain('npm run migrate');
    await database.drop();
  });

  it('the master key is another one than the database was set up with', async () => {
    await stop(await startInstance(home), 'SIGTERM');
    const output = await refused({ DESKSTREAM_MASTER_KEY: '00'.repeat(32) });
    expect(output).toBe('The master key in DESKSTREAM_MASTER_KEY is not the one that this database was set up with.');
  });
});
