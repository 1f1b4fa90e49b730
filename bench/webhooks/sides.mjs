import { createDatabase } from '../databases.mjs';
import { Process } from '../processes.mjs';
import { WORKER_READY } from './installation.mjs';

/**
 * The sides of the comparison. Each prepares a backlog (`fill`), processes it in its own process (`start`, `stop`), and
 * sends events at a constant rate while it runs (`stream`), which returns when each was accepted.
 */
export class Deskstream {
  name;
  #installation;
  #count;
  #workers;

  /** @param count number of workers */
  constructor(installation, count = 1) {
    this.name = count === 1 ? 'Deskstream' : `Deskstream with ${count} workers`;
    this.#installation = installation;
    this.#count = count;
  }

  async fill(events) {
    await this.#installation.create(events);
  }

  async start() {
    this.#workers = await Promise.all(Array.from({ length: this.#count }, () => this.#installation.startWorker()));
    await Promise.all(this.#workers.map((worker) => worker.printed(WORKER_READY)));
  }

  async stream(perSecond, seconds) {
    return this.#installation.stream(perSecond, seconds);
  }

  async stop() {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  /** The process id of the first worker. */
  get pid() {
    return this.#workers[0].pid;
  }
}

/** A loop around undici that knows in advance what to send. */
export class Bare {
  name = 'bare';
  #bench;
  #setting;
  #backlog = 0;
  #process;

  constructor(bench, setting) {
    this.#bench = bench;
    this.#setting = setting;
  }

  async fill(events) {
    this.#backlog = events;
  }

  async start() {
    this.#process = forkSender(this.#bench, 'bare', this.#setting);
    const events = this.#backlog;
    this.#backlog = 0;
    await this.#process.call('drain', events);
  }

  async stream(perSecond, seconds) {
    return this.#process.call('stream', perSecond, seconds);
  }

  async stop() {
    await this.#process.stop();
  }
}

/** A BullMQ worker whose jobs hold the deliveries, on Deskstream's backend. */
export class BullMq {
  name = 'BullMQ';
  #bench;
  #setting;
  #producer;
  #worker;

  /** @param installation whose PostgreSQL serves BullMQ if there is no Redis */
  static async open(bench, setting, installation, redisUrl) {
    const name = `bullmq_${setting.urls.length}`;
    const databaseUrl = redisUrl ? undefined : await createDatabase(installation.ownerUrl, name);
    const side = new BullMq(bench, { ...setting, redisUrl, databaseUrl });
    await side.#producer.call('openQueue');
    return side;
  }

  constructor(bench, setting) {
    this.#bench = bench;
    this.#setting = setting;
    this.#producer = forkSender(bench, 'bullmq', setting);
  }

  async fill(events) {
    await this.#producer.call('fill', events);
  }

  async start() {
    this.#worker = forkSender(this.#bench, 'bullmq', this.#setting);
    await this.#worker.call('work');
  }

  async stream(perSecond, seconds) {
    return this.#producer.call('stream', perSecond, seconds);
  }

  async stop() {
    await this.#worker.stop();
  }

  async close() {
    await this.#producer.stop();
  }
}

function forkSender(bench, name, setting) {
  return Process.fork(bench, name, `webhooks/${name}-sender.mjs`, { ...process.env, SETTING: JSON.stringify(setting) });
}
