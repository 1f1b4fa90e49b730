import { runningEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { type AskedDatabase, askedAt } from '#libs/testing/connections.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type Answer } from './support/api-client.js';
import { holdUp } from './support/hold-up.js';
import { createHome, type Home, type Instance, killPostgres, startInstance, stop } from './support/instance.js';

const CLIENTS = 8;
const ROUNDS = 4;

let home: Home;
let instance: Instance;
let owner: AskedDatabase;
let ownerUrl: string;
beforeAll(async () => {
  home = await createHome();
  instance = await startInstance(home);
  await askRunningDatabase();
});
afterAll(async () => {
  await owner.close();
  await stop(instance, 'SIGKILL');
  await home.remove();
});

/** A PostgreSQL that was killed together with its process comes back on another port. */
async function askRunningDatabase(): Promise<void> {
  ownerUrl = (await runningEmbeddedPostgres(home.dataDir))?.ownerUrl ?? '';
  owner = askedAt(ownerUrl);
}

const sql: AskedDatabase['sql'] = (text, values) => owner.sql(text, values);

/** Teams may share a name, so what is carried out twice can be seen. */
const createTeam = (name: string) =>
  instance.api.send('POST', '/v1/teams', { name }, { 'idempotency-key': `create ${name}` });
const teamsNamed = (name: string) => sql('SELECT id FROM teams WHERE name = $1', [name]);

/** Repeats the request, as clients should, until it is answered for good. */
async function untilAnswered(name: string): Promise<Answer> {
  let answer: Answer | undefined;
  await waitFor('the answer', async () => {
    answer = await createTeam(name).catch(() => undefined);
    return answer !== undefined && ![409, 503].includes(answer.status);
  });
  return answer as Answer;
}

/** Kills the process while a request of its waits for what the statement holds, which is then let go. */
async function killDuring(name: string, statement: string): Promise<void> {
  const release = await holdUp({ database: { ownerUrl, sql } }, statement);
  const lost = createTeam(name).catch(() => 'no answer');
  await release(async () => {
    await stop(instance, 'SIGKILL');
  });
  expect(await lost).toBe('no answer');
  instance = await startInstance(home);
}

describe('kill -9 during a request with an Idempotency-Key', () => {
  it('before the commit leaves nothing: the repetition carries it out', async () => {
    await killDuring('before', 'LOCK TABLE teams IN ACCESS EXCLUSIVE MODE');
    const answer = await untilAnswered('before');
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([201, null]);
    expect(await teamsNamed('before')).toEqual([{ id: answer.body.data.id }]);
  });

  it('between the commit and the answer loses neither: the repetition gets the answer', async () => {
    await sql(`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END $$`);
    await sql('CREATE TRIGGER dawdle BEFORE INSERT ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION dawdle()');
    await killDuring('after', 'SELECT pg_advisory_xact_lock(42)');
    await sql('DROP TRIGGER dawdle ON idempotency_keys');
    const answer = await untilAnswered('after');
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
    expect(await teamsNamed('after')).toEqual([{ id: answer.body.data.id }]);
  });

  it('of the process and of its database, at random moments, has nothing done twice or lost', async () => {
    const created = new Map<string, string>();
    let over = false;
    const clients = Array.from({ length: CLIENTS }, async (_, client) => {
      for (let i = 0; !over; i++) {
        const name = `c${client}-${i}`;
        created.set(name, (await untilAnswered(name)).body.data.id as string);
      }
    });
    for (let round = 0; round < ROUNDS; round++) {
      const target = created.size + 20 + Math.round(Math.random() * 200);
      await waitFor(
        'some teams',
        () => created.size >= target,
        () => created.size,
      );
      if (round % 2 === 0) await killPostgres(home.dataDir);
      await stop(instance, 'SIGKILL');
      instance = await startInstance(home);
    }
    over = true;
    await Promise.all(clients);
    await owner.close();
    await askRunningDatabase();
    const rows = await sql<{ id: string; name: string }>(`SELECT id, name FROM teams WHERE name LIKE 'c%-%'`);
    expect(rows).toHaveLength(created.size);
    expect(new Map(rows.map(({ id, name }) => [name, id]))).toEqual(created);
  });
});
