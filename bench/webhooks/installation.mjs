import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../dist/libs/embedded-postgres/embedded-postgres.js';
import { Process } from '../processes.mjs';
import { commandOf, deskstreamEnvironment, startServer, TOKEN } from '../servers.mjs';

const EVENT = 'TagCreated';

/** A Deskstream with its roles apart, on a PostgreSQL of its own: the API runs, workers come and go. */
export class Installation {
  #bench;
  #name;
  #env;
  #postgres;
  #api;
  #loader;
  #workers = 0;
  #subscriptionIds = [];

  /** @param redisUrl for BullMQ's jobs; without it they are in PostgreSQL */
  static async start(bench, name, redisUrl = '') {
    const dataDir = join(bench.folder, name);
    const starting = startEmbeddedPostgres({ dataDir });
    bench.cleanup.add(async () => (await starting).stop());
    const postgres = await starting;
    const env = {
      ...deskstreamEnvironment(bench, dataDir),
      DATABASE_URL: postgres.appUrl,
      DATABASE_OWNER_URL: postgres.ownerUrl,
      REDIS_URL: redisUrl,
      WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    };
    const migration = Process.spawn(bench, `${name}-migrate`, await commandOf(bench, 'migrate'), {
      ...process.env,
      ...env,
    });
    await migration.finished();
    const api = await startServer(bench, `${name}-api`, await commandOf(bench, 'start:api'), env);
    return new Installation(bench, name, env, postgres, api);
  }

  constructor(bench, name, env, postgres, api) {
    this.#bench = bench;
    this.#name = name;
    this.#env = env;
    this.#postgres = postgres;
    this.#api = api;
    this.#loader = Process.fork(bench, `${name}-load`, 'load.mjs', { ...process.env, TOKEN });
  }

  get url() {
    return this.#api.url;
  }

  get ownerUrl() {
    return this.#postgres.ownerUrl;
  }

  /** Subscribes receivers, instead of those before. */
  async subscribe(urls) {
    for (const id of this.#subscriptionIds) await this.#request('DELETE', `/v1/webhooks/${id}`);
    this.#subscriptionIds = [];
    for (const url of urls) {
      const subscription = { name: url, url, authorization: { _type: 'NoAuth' }, events: [EVENT] };
      this.#subscriptionIds.push((await this.#request('POST', '/v1/webhooks', subscription)).data.id);
    }
  }

  /** Makes so many events, as fast as the API takes them. */
  async create(events) {
    await this.#loader.call('create', this.#api.url, events);
  }

  /** Makes events at an even pace; answers when the API had answered, by the ids of what was created. */
  async stream(perSecond, seconds) {
    return this.#loader.call('stream', this.#api.url, perSecond, seconds);
  }

  async startWorker() {
    const env = { ...process.env, NODE_ENV: 'production', ...this.#env };
    const name = `${this.#name}-worker-${++this.#workers}`;
    return Process.spawn(this.#bench, name, await commandOf(this.#bench, 'start:worker'), env);
  }

  /** PostgreSQL stays until the end of the run; without clients it does nothing. */
  async stop() {
    await this.#loader.stop();
    await this.#api.process.stop();
  }

  async #request(method, path, body) {
    const headers = { authorization: `Bearer ${TOKEN}`, ...(body && { 'content-type': 'application/json' }) };
    const response = await fetch(this.#api.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text && JSON.parse(text);
  }
}
