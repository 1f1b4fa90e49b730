import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../dist/libs/embedded-postgres/embedded-postgres.js';
import { createOrganizations } from '../organizations.mjs';
import { Process } from '../processes.mjs';
import { commandOf, deskstreamEnvironment, startServer, TOKEN } from '../servers.mjs';

const EVENT = 'TagCreated';
/** Four workers with up to 33 connections each, the default, need more than PostgreSQL's default of 100. */
const SETTINGS = ['max_connections=300'];
/** The text that a worker prints once it runs. */
export const WORKER_READY = 'worker is running';

/** A Deskstream with separate roles and its own PostgreSQL: the API always runs, workers are started and stopped. */
export class Installation {
  #bench;
  #name;
  #env;
  #postgres;
  #apis = [];
  #loader;
  #workers = 0;
  #tokens = [TOKEN];
  #subscriptions = [];

  /** @param redisUrl for BullMQ's jobs; without it, they are in PostgreSQL */
  static async start(bench, name, redisUrl = '') {
    const dataDir = join(bench.folder, name);
    const starting = startEmbeddedPostgres({ dataDir, settings: SETTINGS });
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
    const installation = new Installation(bench, name, env, postgres);
    await installation.startApi();
    return installation;
  }

  constructor(bench, name, env, postgres) {
    this.#bench = bench;
    this.#name = name;
    this.#env = env;
    this.#postgres = postgres;
    this.#loader = Process.fork(bench, `${name}-load`, 'load.mjs', { ...process.env, TOKEN });
  }

  get url() {
    return this.#apis[0].url;
  }

  /** The API processes. */
  get apis() {
    return this.#apis;
  }

  get appUrl() {
    return this.#postgres.appUrl;
  }

  get ownerUrl() {
    return this.#postgres.ownerUrl;
  }

  /** Creates organizations, which replace the first one as subscribers and sources of events. Returns their tokens. */
  async organize(count) {
    const administrators = await createOrganizations(this.dataDir, count);
    this.#tokens = administrators.map(({ token }) => token);
    return this.#tokens;
  }

  get dataDir() {
    return this.#env.DESKSTREAM_DATA_DIR;
  }

  /** Subscribes receivers for each organization, in place of the previous ones. */
  async subscribe(urls) {
    for (const { id, token } of this.#subscriptions) await this.#request(token, 'DELETE', `/v1/webhooks/${id}`);
    this.#subscriptions = [];
    for (const token of this.#tokens) {
      this.#subscriptions.push(...(await Promise.all(urls.map((url) => this.#subscribe(token, url)))));
    }
  }

  async #subscribe(token, url) {
    const subscription = { name: url, url, authorization: { _type: 'NoAuth' }, events: [EVENT] };
    const { data } = await this.#request(token, 'POST', '/v1/webhooks', subscription);
    return { id: data.id, token };
  }

  /** Creates this number of events, by the organizations in turn, as fast as the API accepts them. */
  async create(events) {
    await this.#loader.call('create', this.url, events, this.#tokens);
  }

  /** Creates events at a constant rate. Returns when the API answered, by the ids of the created tags. */
  async stream(perSecond, seconds) {
    return this.#loader.call('stream', this.url, perSecond, seconds, this.#tokens);
  }

  /** Starts an API process in addition to that of {@link start}. */
  async startApi() {
    const name = `${this.#name}-api-${this.#apis.length + 1}`;
    const api = await startServer(this.#bench, name, await commandOf(this.#bench, 'start:api'), this.#env);
    this.#apis.push(api);
    return api;
  }

  async startWorker() {
    const env = { ...process.env, NODE_ENV: 'production', ...this.#env };
    const name = `${this.#name}-worker-${++this.#workers}`;
    return Process.spawn(this.#bench, name, await commandOf(this.#bench, 'start:worker'), env);
  }

  /** Stops the processes except PostgreSQL, which stays idle until the end of the run. */
  async stop() {
    await this.#loader.stop();
    for (const { process } of this.#apis) await process.stop();
  }

  async #request(token, method, path, body) {
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text && JSON.parse(text);
  }
}
