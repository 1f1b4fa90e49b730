import { setTimeout as pause } from 'node:timers/promises';
import { openCipher } from '#apps/master-key.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { loadConfig } from '#apps/config.js';
import { STREAMS } from '#libs/resources/resources.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { PARALLEL } from '#libs/webhooks/delivery/draining/drain-statements.js';
import { ApiClient } from '../support/api-client.js';
import { prepareGround } from '../support/installation.js';
import { killPostgres } from '../support/instance.js';
import { faultsOfAnswers, faultsOfReadTables, faultsOfSecrets, faultsOfStreams } from '../support/checker.js';
import { type Entry, faultsOfOrder, settled, wantedEvents } from '../support/ledger.js';
import { type ScriptedReceiver, startScriptedReceiver } from '../support/scripted-receiver.js';
import { Client, Journal } from './client.js';
import { type Cluster, startPair } from './failover.js';
import { type Deployment, startDeployment, VICTIMS } from './deployment.js';
import { pick, randomFrom } from './random.js';
import { openTenant, type Tenant } from './tenant.js';

const SECONDS = Number(process.env.CHAOS_SECONDS);
const SEED = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** With it, PostgreSQL has a standby that replaces it: `synchronous_commit`. */
const COMMIT = process.env.CHAOS_FAILOVER;
/** What is killed; with `undefined`, workers join and leave. A failover must need no other process to restart. */
const CHOICES = COMMIT === undefined ? [...VICTIMS, undefined] : (['postgres'] as const);
/** Number of organizations. Their events are in several partitions, so that each worker has some. */
const TENANTS = 4;
const CLIENTS = 8;
const MOST_PAUSE_MS = 4_000;
/** Minimum number of writes that are answered between two kills. */
const BETWEEN_KILLS = 20;
/** Maximum number of faults of a kind that are shown. */
const SHOWN = 5;

const random = randomFrom(SEED);
const journal = new Journal();
let deployment: Deployment;
let receiver: ScriptedReceiver;
let tenants: Tenant[];
beforeAll(async () => {
  process.stdout.write(`${SECONDS} seconds of chaos from the seed ${SEED}\n`);
  const env = { WEBHOOK_RETRY_SCHEDULE: '0.2'.concat(',0.2'.repeat(19)) };
  const { ground, kill } = await (COMMIT === undefined ? startSingle(env) : startPair(COMMIT, env));
  deployment = await startDeployment(random, ground, kill);
  receiver = await startScriptedReceiver();
  const names = Array.from({ length: TENANTS }, (_, i) => `tenant${i}`);
  tenants = await Promise.all(names.map((name) => openTenant(deployment, receiver, name)));
});
afterAll(async () => {
  await deployment.remove();
  await receiver.close();
});

/** Starts a PostgreSQL that is restarted when it is killed. */
async function startSingle(env: NodeJS.ProcessEnv): Promise<Cluster> {
  const ground = await prepareGround(env);
  return { ground, kill: () => killPostgres(ground.dataDir).then(() => true) };
}

/** Kills one victim after the other, often before the last one has restarted, but not before further writes. */
async function rampage(isOver: () => boolean): Promise<void> {
  const returns: Promise<void>[] = [];
  while (!isOver()) {
    const enough = journal.told.length + BETWEEN_KILLS;
    await pause(random() * MOST_PAUSE_MS);
    await waitFor(
      'some writes',
      () => journal.told.length >= enough || isOver(),
      () => journal.told.length,
    );
    const victim = pick(random, CHOICES);
    returns.push(victim ? deployment.kill(victim) : deployment.turnOver());
  }
  await Promise.all(returns);
}

/** Waits for all deliveries since the subscriptions exist, and checks them. */
async function delivered({ subscriptions }: Tenant): Promise<Entry[]> {
  const both = Object.values(subscriptions);
  const { organizationId, events } = await wantedEvents(deployment.database, both);
  return settled(deployment.database, organizationId, {
    subscriptions: both,
    events,
    requests: receiver.arrivals,
    unrecorded: (deployment.kills.worker + deployment.kills.postgres) * PARALLEL * both.length,
  });
}

async function faultsOfFifo({ subscriptions: { fifo }, taken }: Tenant): Promise<string[]> {
  const { events } = await wantedEvents(deployment.database, [fifo]);
  return faultsOfOrder(
    events,
    taken.filter(({ subscriptionId }) => subscriptionId === fifo),
  );
}

describe('kill -9 of anything at any time, while clients repeat what was not answered', () => {
  it(
    'loses nothing that was answered, and does nothing twice',
    async () => {
      const until = performance.now() + SECONDS * 1_000;
      const isOver = () => performance.now() > until;
      const clients = Array.from(
        { length: CLIENTS },
        (_, i) =>
          new Client(`c${i}`, deployment.urls, tenants[i % TENANTS] as Tenant, journal, randomFrom(SEED + i + 1)),
      );
      await Promise.all([rampage(isOver), ...clients.map((client) => client.work(isOver))]);
      for (const url of deployment.urls) {
        const isUp = async () => (await new ApiClient(url, '').get('/health').catch(() => undefined))?.status === 200;
        await waitFor('all to be up', isUp);
      }

      const deliveries = (await Promise.all(tenants.map(delivered))).flat();
      const order = (await Promise.all(tenants.map(faultsOfFifo))).flat();
      await deployment.stop();
      const { database, variables } = deployment;
      const config = loadConfig(variables);
      const codec = new EventCodec(STREAMS, await openCipher(config, database.ownerUrl, false));
      const answers = await faultsOfAnswers(database, journal.told, journal.seen);
      const gaps = await faultsOfStreams(database);
      const secrets = await faultsOfSecrets(database, codec);
      const tables = await faultsOfReadTables(database, codec);

      const succeeded = journal.told.filter(({ status }) => status < 300);
      const conditional = succeeded.filter(({ ifMatch }) => ifMatch !== undefined);
      const reached = deliveries.filter(({ state }) => state === 'delivered');
      const summary = {
        requests: journal.requests,
        'kills: api, worker, postgres': VICTIMS.map((victim) => deployment.kills[victim]).join(', '),
        'workers that joined, and one that left': deployment.departures.length,
        'repeated, of which answered from memory': `${journal.repeated}, ${journal.replayed}`,
        'acknowledged, of which conditional': `${succeeded.length}, ${conditional.length}`,
        'refused: not found, conflict, precondition': [404, 409, 412]
          .map((refusal) => journal.told.filter(({ status }) => status === refusal).length)
          .join(', '),
        missing: answers.missing.length,
        'applied twice': answers.twice.length,
        'refused, yet applied': answers.refused.length,
        'versions other than told': answers.versions.length,
        events: secrets.opened,
        'streams with gaps': gaps.length,
        'rows unlike a rebuild': tables.length,
        'taken out of order': order.length,
        delivered: `${reached.length}/${deliveries.length}`,
        errors: journal.errors.length,
      };
      const lines = Object.entries(summary).map(([name, value]) => `${name.padEnd(44)}${value}\n`);
      process.stdout.write(lines.join(''));
      const faults = { ...answers, gaps, secrets: secrets.faults, tables, order, errors: journal.errors };
      const first = Object.entries(faults).flatMap(([kind, of]) => of.slice(0, SHOWN).map((fault) => [kind, fault]));
      expect(first).toEqual([]);
      expect(deployment.departures.filter((status) => status !== 0)).toEqual([]);
      expect(reached).toHaveLength(deliveries.length);
      expect(conditional.length).toBeGreaterThan(0);
    },
    (SECONDS * 3 + 600) * 1_000,
  );
});
