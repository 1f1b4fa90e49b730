import { setTimeout as pause } from 'node:timers/promises';
import { openCipher } from '#apps/setup.js';
import { STREAMS } from '#libs/resources/resources.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { loadConfig } from '#libs/platform/config.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { EVENT_NAMES } from '#libs/webhooks/catalogue.js';
import { PARALLEL } from '#libs/webhooks/delivery/exchange.js';
import { ApiClient } from '../support/api-client.js';
import { faultsOfAnswers, faultsOfReadTables, faultsOfSecrets, faultsOfStreams } from '../support/checker.js';
import { type Entry, settled, wantedEvents } from '../support/ledger.js';
import { REFUSE, type ScriptedReceiver, startScriptedReceiver, ACCEPT } from '../support/scripted-receiver.js';
import { createSupportTeam } from '../support/support-team.js';
import { Client, Journal } from './client.js';
import { type House, startHouse, VICTIMS } from './house.js';
import { pick, randomFrom } from './random.js';

const SECONDS = Number(process.env.CHAOS_SECONDS);
const SEED = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31));
const CLIENTS = 8;
const REFUSED_EVERY = 200;
const MOST_PAUSE_MS = 4_000;
/** Writes that are told their end from one kill to the next, at least. */
const BETWEEN_KILLS = 20;
/** Faults of a kind, when there are any. */
const SHOWN = 5;

const random = randomFrom(SEED);
const journal = new Journal();
let house: House;
let api: ApiClient;
let receiver: ScriptedReceiver;
let subscriptions: string[];
beforeAll(async () => {
  process.stdout.write(`${SECONDS} seconds of chaos from the seed ${SEED}\n`);
  house = await startHouse({ WEBHOOK_RETRY_SCHEDULE: '0.2'.concat(',0.2'.repeat(19)) });
  api = new ApiClient(house.urls[0] as string, house.token);
  receiver = await startScriptedReceiver();
  receiver.behave('/', ({ attempt }) =>
    attempt === 1 && receiver.arrivals.length % REFUSED_EVERY === 0 ? REFUSE : ACCEPT,
  );
  const orderings = ['unordered', 'fifo'];
  subscriptions = await Promise.all(
    orderings.map(async (ordering) => (await api.subscribe(receiver.url('/'), EVENT_NAMES, { ordering })).id),
  );
});
afterAll(async () => {
  await house.remove();
  await receiver.close();
});

/** Kills one after the other, often before the last has come back, but not before anything was written again. */
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
    returns.push(house.kill(pick(random, VICTIMS)));
  }
  await Promise.all(returns);
}

/** Waits for all deliveries of what happened since the subscriptions are there, and checks them. */
async function delivered(): Promise<Entry[]> {
  const { organizationId, events } = await wantedEvents(house.database, subscriptions);
  return settled(house.database, organizationId, {
    subscriptions,
    events,
    requests: receiver.arrivals,
    unrecorded: (house.kills.worker + house.kills.postgres) * PARALLEL * 2,
  });
}

describe('kill -9 of anything at any time, while clients repeat what was not answered', () => {
  it(
    'loses nothing that was answered, and does nothing twice',
    async () => {
      const team = await createSupportTeam(api);
      const until = performance.now() + SECONDS * 1_000;
      const isOver = () => performance.now() > until;
      const clients = Array.from(
        { length: CLIENTS },
        (_, i) => new Client(`c${i}`, house.urls, house.token, team, journal, randomFrom(SEED + i + 1)),
      );
      await Promise.all([rampage(isOver), ...clients.map((client) => client.work(isOver))]);
      await waitFor('all to be up', async () => (await api.get('/health').catch(() => undefined))?.status === 200);

      const deliveries = await delivered();
      await house.stop();
      const { database, variables } = house;
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
        'kills: api, worker, postgres': VICTIMS.map((victim) => house.kills[victim]).join(', '),
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
        delivered: `${reached.length}/${deliveries.length}`,
        errors: journal.errors.length,
      };
      const lines = Object.entries(summary).map(([name, value]) => `${name.padEnd(44)}${value}\n`);
      process.stdout.write(lines.join(''));
      const faults = { ...answers, gaps, secrets: secrets.faults, tables, errors: journal.errors };
      const first = Object.entries(faults).flatMap(([kind, of]) => of.slice(0, SHOWN).map((fault) => [kind, fault]));
      expect(first).toEqual([]);
      expect(reached).toHaveLength(deliveries.length);
      expect(conditional.length).toBeGreaterThan(0);
    },
    (SECONDS * 3 + 600) * 1_000,
  );
});
