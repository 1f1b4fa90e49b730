import pg from 'pg';
import { Signal } from '#libs/platform/signal.js';

const CHANNEL = 'deskstream_events';
/** Minimum time between announcements. The first append is announced at once. */
const INTERVAL_MS = 25;
/** Maximum number of ids in a notification, which PostgreSQL limits to 8,000 bytes. */
const MAX_NAMED = 200;
const RECONNECT_MS = 1_000;

/** Receives the organizations that have new events; undefined if it may be any. */
export type NotificationListener = (organizationIds?: string[]) => void;

/**
 * Tells all processes about new events, so that they need not wait for their next poll. Notifications are sent outside
 * of the append's transaction and on a separate connection, because a NOTIFY inside serializes all commits. A lost one
 * only costs a poll interval. The same connection listens, once there is a listener.
 */
export class Notifications {
  readonly #listeners = new Set<NotificationListener>();
  #holder: string | undefined;
  #asked: Promise<unknown> = Promise.resolve();
  #appended = new Set<string>();
  #connection: Promise<pg.Client | undefined> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reconnect: NodeJS.Timeout | undefined;
  #sending = false;
  #announcedAt = -INTERVAL_MS;
  #pending = false;
  #waiting = false;
  readonly #signal = new Signal();
  #closed = false;

  constructor(private readonly url: string) {}

  /** Schedules an announcement of an organization's new events. */
  signal(organizationId: string): void {
    this.#appended.add(organizationId);
    this.#schedule();
  }

  /** Calls the listener on all announcements of all processes from now on. */
  listen(listener: NotificationListener): void {
    this.#listeners.add(listener);
    void this.#connected().then((client) => client && this.#begin(client));
  }

  /** Shows that a holder of partitions is alive while the connection lasts, and again on each new connection. */
  async showAlive(holder: string): Promise<void> {
    this.#holder = holder;
    const client = await this.#connected();
    if (client) await this.#begin(client);
  }

  /** Resolves at the next announcement, at once if one came since the last wait, or at the timeout. For one waiter. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#waiting) {
      this.#waiting = true;
      this.listen(() => {
        this.wake();
      });
    }
    if (!this.#pending) await this.#signal.sleep(timeoutMs);
    this.#pending = false;
  }

  /** Ends the {@link wait} of this process. */
  wake(): void {
    this.#pending = true;
    this.#signal.wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#reconnect);
    await (await this.#connection)?.end();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        void this.#notify();
      },
      Math.max(0, this.#announcedAt + INTERVAL_MS - performance.now()),
    );
  }

  async #notify(): Promise<void> {
    if (this.#sending) {
      this.#schedule();
      return;
    }
    this.#sending = true;
    this.#announcedAt = performance.now();
    const client = await this.#connected();
    const named = this.#appended.size <= MAX_NAMED ? [...this.#appended].join(',') : '';
    this.#appended = new Set();
    // Listeners also poll, so it may fail.
    if (client) await this.#ask(client, 'SELECT pg_notify($1, $2)', [CHANNEL, named]);
    this.#sending = false;
  }

  /** Returns the connection, which is opened on first use and again after a break. */
  #connected(): Promise<pg.Client | undefined> {
    if (!this.#closed && !this.#connection) {
      const connection = this.#connect(() => {
        if (this.#connection !== connection) return;
        this.#connection = undefined;
        if (this.#listeners.size > 0 || this.#holder !== undefined) this.#connectLater();
      });
      this.#connection = connection;
    }
    return this.#connection ?? Promise.resolve(undefined);
  }

  #connectLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#reconnect);
    this.#reconnect = setTimeout(() => void this.#connected(), RECONNECT_MS);
  }

  async #connect(drop: () => void): Promise<pg.Client | undefined> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5_000, keepAlive: true });
    client.on('error', drop).on('end', drop);
    client.on('notification', ({ payload }) => {
      for (const listener of this.#listeners) listener(payload ? payload.split(',') : undefined);
    });
    try {
      await client.connect();
      await this.#begin(client);
      return client;
    } catch {
      drop();
      // A connection that failed needs no orderly end.
      await client.end().catch(() => undefined);
      return undefined;
    }
  }

  /** Listens and shows the holder. Repeating it changes nothing, and each new connection does it again. */
  async #begin(client: pg.Client): Promise<void> {
    if (this.#listeners.size > 0) await this.#ask(client, `LISTEN ${CHANNEL}`);
    if (this.#holder !== undefined) await this.#ask(client, 'SELECT show_holder_alive($1)', [this.#holder]);
  }

  /** Runs queries one after another. Failures are ignored: a new connection begins again. */
  #ask(client: pg.Client, text: string, values?: unknown[]): Promise<unknown> {
    this.#asked = this.#asked.then(() => client.query(text, values)).catch(() => undefined);
    return this.#asked;
  }
}
