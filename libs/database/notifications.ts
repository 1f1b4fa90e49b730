import pg from 'pg';
import { Signal } from '#libs/platform/signal.js';

const CHANNEL = 'deskstream_events';
/** The first append is announced at once; those that follow within this time share an announcement. */
const INTERVAL_MS = 25;
/** What PostgreSQL carries along with a notification, 8,000 bytes, holds so many ids. */
const MAX_NAMED = 200;
const RECONNECT_MS = 1_000;

/** Hears which organizations have new events; undefined when it may be any. */
export type NotificationListener = (organizationIds?: string[]) => void;

/**
 * Tells all processes that there are new events, so that they need not wait for their next poll. Sent outside of the
 * append's transaction and on a connection of its own, because a NOTIFY inside makes all commits queue up; a lost one
 * costs a poll interval and nothing else. The same connection listens, once somebody does.
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

  /** Announces new events of an organization, soon. */
  signal(organizationId: string): void {
    this.#appended.add(organizationId);
    this.#schedule();
  }

  /** Hears of all announcements of all processes from now on. */
  listen(listener: NotificationListener): void {
    this.#listeners.add(listener);
    void this.#connected().then((client) => client && this.#begin(client));
  }

  /** Shows that a holder of partitions is alive, for as long as the connection lasts; again on one that takes its place. */
  async showAlive(holder: string): Promise<void> {
    this.#holder = holder;
    const client = await this.#connected();
    if (client) await this.#begin(client);
  }

  /** Resolves at the next announcement, at once if one came since the last wait, or after `timeoutMs`. For one waiter. */
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
    // Whoever listens polls as well.
    if (client) await this.#ask(client, 'SELECT pg_notify($1, $2)', [CHANNEL, named]);
    this.#sending = false;
  }

  /** The connection, made when it is first needed and again after it broke. */
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
      // One that never came up, or broke on the way, need not say goodbye.
      await client.end().catch(() => undefined);
      return undefined;
    }
  }

  /** Doing it again changes nothing. A connection that breaks meanwhile is made anew, and then begins, too. */
  async #begin(client: pg.Client): Promise<void> {
    if (this.#listeners.size > 0) await this.#ask(client, `LISTEN ${CHANNEL}`);
    if (this.#holder !== undefined) await this.#ask(client, 'SELECT show_holder_alive($1)', [this.#holder]);
  }

  /** One after the other. What fails of a connection that breaks is done anew on the next. */
  #ask(client: pg.Client, text: string, values?: unknown[]): Promise<unknown> {
    this.#asked = this.#asked.then(() => client.query(text, values)).catch(() => undefined);
    return this.#asked;
  }
}
