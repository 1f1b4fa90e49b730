import { runCommand } from '#apps/cli/commands.js';
import { migrate } from '#apps/setup.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type OwnPostgres, startOwnPostgres } from './support/own-postgres.js';
import { HAS_PGBOUNCER, startPgBouncer } from './support/pgbouncer.js';

let primary: OwnPostgres;
let standby: OwnPostgres;
beforeAll(async () => {
  primary = await startOwnPostgres();
  await migrate({ ownerUrl: primary.url('postgres', 'postgres'), appUrl: primary.url('deskstream', 'postgres') });
  standby = await primary.startStandby();
});
afterAll(async () => {
  await standby.remove();
  await primary.remove();
});

const urlOf = (server: Pick<OwnPostgres, 'url'>) => server.url('deskstream', 'postgres');

/** Returns what a command says of the replica at a URL, and whether it found no problem. */
async function told(command: string, replicaUrl: string): Promise<[well: boolean, line: string | undefined]> {
  const variables = {
    DATABASE_URL: urlOf(primary),
    DATABASE_OWNER_URL: primary.url('postgres', 'postgres'),
    DATABASE_REPLICA_URL: replicaUrl,
    DATABASE_REPLICA_MAX_LAG_MS: '300',
  };
  const lines: string[] = [];
  const well = await runCommand([command], variables, (line) => lines.push(line));
  return [well, lines.find((line) => /^\S+ +replica /.test(line))];
}

describe.each(['status', 'doctor'])('With a replica, %s', (command) => {
  it('tells that it follows', async () => {
    await waitFor('the standby to follow', async () => (await told(command, urlOf(standby)))[0]);
    expect(await told(command, urlOf(standby))).toEqual([
      true,
      expect.stringMatching(/^ok +replica +a standby at 127\.0\.0\.1:\d+ is up to date within \d+ ms$/),
    ]);
  });

  it('finds that it is behind', async () => {
    await standby.sql('SELECT pg_wal_replay_pause()');
    await waitFor('the pause', async () => {
      const [row] = await standby.sql<{ state: string }>('SELECT pg_get_wal_replay_pause_state() AS state');
      return row?.state === 'paused';
    });
    await primary.sql(`SELECT pg_logical_emit_message(false, 'test', 'more')`);
    expect(await told(command, urlOf(standby))).toEqual([
      false,
      expect.stringMatching(/^problem +replica +the standby is \d+ bytes behind after 300 ms: the primary answers$/),
    ]);
    await standby.sql('SELECT pg_wal_replay_resume()');
  });

  it.each([
    ['is away', async () => `postgres://deskstream@127.0.0.1:${await freePort()}/postgres`, 'ECONNREFUSED'],
    ['is another database', () => process.env.TEST_APP_URL, 'DATABASE_REPLICA_URL belongs to another database'],
    ['is no standby', () => urlOf(primary), 'The server of DATABASE_REPLICA_URL is not a standby'],
  ])('finds that it %s', async (_case, url, reason) => {
    expect(await told(command, (await url()) as string)).toEqual([false, expect.stringContaining(reason)]);
  });

  (HAS_PGBOUNCER ? it : it.skip).each([
    ['refuses', []],
    ['drops', ['ignore_startup_parameters = options']],
  ])('finds that a pooler is in between that %s the options of a session', async (_does, settings) => {
    const bouncer = await startPgBouncer([urlOf(standby)], settings);
    expect(await told(command, bouncer.urlOf(urlOf(standby)))).toEqual([
      false,
      expect.stringMatching(
        /^problem +replica +DATABASE_REPLICA_URL leads to a pooler; it must be the standby itself$/,
      ),
    ]);
    await bouncer.end();
  });
});
