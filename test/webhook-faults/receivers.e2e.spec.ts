import { type DnsServer, startDnsServer } from '#libs/testing/dns-server.js';
import { answering, type Behaviour, endlessly } from '#libs/testing/faulty-receiver.js';
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
/** One for each fault: connections are kept for a port, and what breaks one must not break those of others. */
let receivers: ScriptedReceiver[];
beforeAll(async () => {
  dns = await startDnsServer();
  receivers = await Promise.all(Object.keys(FAULTS).map(() => startScriptedReceiver()));
  const env = {
    WEBHOOK_TIMEOUT_SECONDS: '1',
    WEBHOOK_RETRY_SCHEDULE: '0.2,0.2,0.2',
    WEBHOOK_DNS_SERVERS: dns.address,
  };
  app = await startTestApp({ worker: true, env });
});
afterAll(async () => {
  await app.close();
  await Promise.all(receivers.map((receiver) => receiver.close()));
  await dns.close();
});

const always = (outcome: string) => Array.from({ length: ATTEMPTS }, () => outcome);
const once =
  (behaviour: Behaviour, then = ACCEPT) =>
  ({ attempt }: Arrival) =>
    attempt === 1 ? behaviour : then;
/** Over a connection that is kept, an attempt that meets with its end would be made again at once. */
const ACCEPT_AND_CLOSE = answering('200 OK', { connection: 'close' }, 'ok');
const REFUSE_AND_CLOSE = answering('500 Internal Server Error', { connection: 'close' });
const arrivalsOf = (subscriptionId: string) => receivers.flatMap((receiver) => receiver.of(subscriptionId));

/** What a receiver does with a delivery, and what the log says in the end. */
const FAULTS: Record<string, [(arrival: Arrival) => Behaviour, string[], hostname?: string]> = {
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
  'drips headers without end': [() => endlessly('HTTP/1.1 200 OK\r\n', 'x-drip: 1\r\n', 50), ['delivered']],
  'resets the connection': [() => (socket) => socket.resetAndDestroy(), always('connection_reset')],
  'closes the connection once, then answers': [
    once((socket) => {
      socket.end();
    }, ACCEPT_AND_CLOSE),
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
  'has a name that leads to a private address meanwhile': [
    ({ subscriptionId }) =>
      (socket, request) => {
        if (arrivalsOf(subscriptionId).length === EVENTS) dns.resolve('rebind.example', ['10.0.0.1']);
        REFUSE_AND_CLOSE(socket, request);
        socket.end();
      },
    ['refused', 'blocked_target', 'blocked_target', 'blocked_target'],
    'rebind.example',
  ],
};

describe('Each delivery ends, and each attempt is logged, with a receiver that', () => {
  let entries: Entry[];
  const subscriptions = new Map<string, string>();
  beforeAll(async () => {
    const api = await app.createTestOrganization();
    dns.resolve('rebind.example', ['127.0.0.1']);
    for (const [index, [name, [choose, , hostname = '127.0.0.1']]] of Object.entries(FAULTS).entries()) {
      const receiver = receivers[index] as ScriptedReceiver;
      receiver.behave('/', choose);
      const { id } = await api.subscribe(`http://${hostname}:${receiver.port}/`, ['TagCreated']);
      subscriptions.set(name, id);
    }
    for (let count = 0; count < EVENTS; count++) await api.createTag(`tag ${count}`);
    const books = {
      subscriptions: [...subscriptions.values()],
      get requests() {
        return receivers.flatMap(({ arrivals }) => arrivals);
      },
    };
    entries = await settled(app.database, api.organizationId, books);
  });

  it.each(Object.entries(FAULTS))('%s', (name, [, outcomes]) => {
    const own = entries.filter(({ subscriptionId }) => subscriptionId === subscriptions.get(name));
    const state = outcomes.at(-1) === 'delivered' ? 'delivered' : 'exhausted';
    const entry = expect.objectContaining({ state, attempts: outcomes.length, outcomes });
    expect(own).toEqual(Array.from({ length: EVENTS }, () => entry));
  });
});
