import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { ApiClient } from '../support/api-client.js';
import { type Ground, prepareGround } from '../support/installation.js';
import { launch, type Launched } from '../support/launch.js';
import { type Proxy, startProxy } from './proxy.js';

const ROUNDS = Number(process.env.RESTART_ROUNDS);
const CLIENTS = 6;
/** Writes that must be answered between two restarts. */
const BETWEEN = 20;

let ground: Ground;
let proxy: Proxy;
let receiver: WebhookReceiver;
let apis: Resident[];
let worker: Resident;
/** What clients were told: the names of the tags that they made, and what went wrong. */
const made: string[] = [];
const failures: string[] = [];
let requests = 0;

/** A process that is restarted. */
class Resident {
  #running: Launched | undefined;

  constructor(
    private readonly program: string,
    private readonly told: RegExp,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  async start(): Promise<void> {
    this.#running = launch([`dist/apps/${this.program}/main.js`], { ...ground.variables, ...this.env });
    await this.#running.told(this.told);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null | undefined> {
    return this.#running?.end(signal);
  }

  async restart(): Promise<void> {
    expect(await this.end()).toBe(0);
    await this.start();
  }
}

beforeAll(async () => {
  ground = await prepareGround({ SHUTDOWN_DELAY_SECONDS: '2' });
  const ports = [await freePort(), await freePort()];
  apis = ports.map((port) => new Resident('api', /The API is served/, { PORT: String(port) }));
  worker = new Resident('worker', /The worker is running/, {});
  await Promise.all([...apis, worker].map((one) => one.start()));
  proxy = await startProxy(ports);
  receiver = await startWebhookReceiver();
});
afterAll(async () => {
  await proxy.close();
  await Promise.all([...apis, worker].map((one) => one.end('SIGKILL')));
  await receiver.close();
  await ground.remove();
});

/** Sends a request on a connection of its own: the connections that are kept are those behind the proxy. */
function ask(method: string, path: string, body?: object): Promise<{ status: number; data: any }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${ground.token}`, 'content-type': 'application/json' };
    request(`${proxy.url}${path}`, { method, headers, agent: false })
      .once('response', (response) => {
        text(response).then((answer) => {
          const status = response.statusCode ?? 0;
          resolve({ status, data: status === 200 ? JSON.parse(answer).data : answer });
        }, reject);
      })
      .once('error', reject)
      .end(body && JSON.stringify(body));
  });
}

async function succeeds(method: string, path: string, body?: object): Promise<any> {
  requests += 1;
  try {
    const { status, data } = await ask(method, path, body);
    if (status === 200) return data;
    failures.push(`${method} ${path}: ${status} ${data}`);
  } catch (error) {
    failures.push(`${method} ${path}: ${(error as Error).message}`);
  }
  return undefined;
}

async function work(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const name = randomUUID();
    const tag = await succeeds('POST', '/v1/tags', { name });
    if (!tag) continue;
    made.push(name);
    await succeeds('GET', `/v1/tags/${tag.id}`);
  }
}

async function moreWrites(): Promise<void> {
  const enough = made.length + BETWEEN;
  await waitFor(
    'some writes',
    () => made.length >= enough,
    () => made.length,
  );
}

describe('Rolling restarts of two APIs and a worker behind nginx', () => {
  it(
    'fail no request, and every event is delivered',
    async () => {
      await new ApiClient(proxy.url, ground.token).subscribe(receiver.url, ['TagCreated']);
      let over = false;
      const clients = Array.from({ length: CLIENTS }, () => work(() => over));
      for (let round = 0; round < ROUNDS; round++) {
        const workerIsBack = worker.restart();
        for (const api of apis) {
          await proxy.routesTo(apis.length);
          await moreWrites();
          await api.restart();
        }
        await workerIsBack;
      }
      await moreWrites();
      over = true;
      await Promise.all(clients);
      process.stdout.write(`${ROUNDS} rolling restarts, ${requests} requests, ${failures.length} failed\n`);
      expect(failures.slice(0, 5)).toEqual([]);
      const delivered = () => new Set(receiver.received.map(({ payload }) => payload.data.tag.name));
      await waitFor(
        'all deliveries',
        () => delivered().size >= made.length,
        () => delivered().size,
      );
      expect(delivered()).toEqual(new Set(made));
    },
    (ROUNDS * 60 + 300) * 1_000,
  );
});
