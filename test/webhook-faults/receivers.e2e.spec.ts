import { type DnsServer, startDnsServer } from '#libs/testing/dns-server.js';
import { answering, type Behaviour, endlessly } from '#libs/testing/faulty-receiver.js';
import { type ApiClient } from '../support/api-client.js';
import { type Entry, settled } from '../support/ledger.js';
import {
  ACCEPT,
  type Arrival,
  HANG,
  REFUSE,
  type ScriptedReceiver,
  startScriptedReceiver,
} from '../support/scripted-receiver.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const EVENTS = 2;
/** One more than there are pauses. */
const ATTEMPTS = 4;

let dns: DnsServer;
let app: TestApp;
let receiver: ScriptedReceiver;
beforeAll(async () => {
  dns = await startDnsServer();
  receiver = await startScriptedReceiver();
  const env = {
    WEBHOOK_TIMEOUT_SECONDS: '1',
    WEBHOOK_RETRY_SCHEDULE: '0.2,0.2,0.2',
    WEBHOOK_DNS_SERVERS: dns.address,
  };
  app = await startTestApp({ worker: true, env });
});
afterAll(async () => {
  await app.close();
  await receiver.close();
  await dns.close();
});

const always = (outcome: string) => Array.from({ length: ATTEMPTS }, () => outcome);
const once =
  (behaviour: Behaviour) =>
  ({ attempt }: Arrival) =>
    attempt === 1 ? behaviour : ACCEPT;

/** What a receiver does with a delivery, and what the log says in the end. */
const FAULTS: Record<string, [(arrival: Arrival) => Behaviour, string[]]> = {
  'answers 500 always': [() => REFUSE, always('refused')],
  'answers 500 twice, then 200': [
    ({ attempt }) => (attempt <= 2 ? REFUSE : ACCEPT),
    ['refused', 'refused', 'delivered'],
  ],
  'never answers': [() => HANG, always('timeout')],
  'never ends the body of its 200': [
    () => (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhal'),
    ['delivered'],
  ],
  'drips the body of its 200 without end': [
    () => endlessly('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', '1\r\nx\r\n', 50),
    ['delivered'],
  ],
  'drips headers without end': [() => endlessly('HTTP/1.1 200 OK\r\n', 'x-drip: 1\r\n', 50), always('timeout')],
  'resets the connection': [() => (socket) => socket.resetAndDestroy(), always('connection_reset')],
  'closes the connection once, then answers': [
    once((socket) => {
      socket.end();
    }),
    ['connection_reset', 'delivered'],
  ],
  'talks no HTTP': [() => (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'), always('connection_reset')],
  'redirects elsewhere': [() => answering('302 Found', { location: 'http://127.0.0.1:9/' }), always('refused')],
  'answers 503 once, without saying for how long': [
    once(answering('503 Service Unavailable')),
    ['refused', 'delivered'],
  ],
  'answers 503 once, and when to come back': [
    once(answering('503 Service Unavailable', { 'retry-after': '1' })),
    ['throttled', 'delivered'],
  ],
};

describe('Each delivery ends, and each attempt is logged, with a receiver that', () => {
  let api: ApiClient;
  let entries: Entry[];
  const subscriptions = new Map<string, string>();
  beforeAll(async () => {
    api = await app.createTestOrganization();
    for (const [index, [name, [choose]]] of Object.entries(FAULTS).entries()) {
      const path = `/${index}`;
      receiver.behave(path, choose);
      subscriptions.set(name, (await api.subscribe(receiver.url(path), ['TagCreated'])).id);
    }
    for (let count = 0; count < EVENTS; count++) await api.createTag(`tag ${count}`);
    const books = { subscriptions: [...subscriptions.values()], requests: receiver.arrivals };
    entries = await settled(app.database, api.organizationId, books);
  });

  it.each(Object.entries(FAULTS))('%s', (name, [, outcomes]) => {
    const own = entries.filter(({ subscriptionId }) => subscriptionId === subscriptions.get(name));
    const state = outcomes.at(-1) === 'delivered' ? 'delivered' : 'exhausted';
    const entry = expect.objectContaining({ state, attempts: outcomes.length, outcomes });
    expect(own).toEqual(Array.from({ length: EVENTS }, () => entry));
  });
});

describe('A receiver', () => {
  it('whose name leads to a private address meanwhile gets nothing more', async () => {
    const api = await app.createTestOrganization();
    dns.resolve('rebind.example', ['127.0.0.1']);
    receiver.behave('/rebind', () => (socket, request) => {
      dns.resolve('rebind.example', ['10.0.0.1']);
      REFUSE(socket, request);
      socket.end();
    });
    const { id } = await api.subscribe(`http://rebind.example:${receiver.port}/rebind`, ['TagCreated']);
    await api.createTag('VIP');
    const books = { subscriptions: [id], requests: receiver.arrivals };
    const [entry] = await settled(app.database, api.organizationId, books);
    expect(entry).toMatchObject({
      state: 'exhausted',
      outcomes: ['refused', 'blocked_target', 'blocked_target', 'blocked_target'],
    });
  });
});
