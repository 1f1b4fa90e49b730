import pg from 'pg';
import { Signal } from '#libs/platform/signal.js';

/** Minimum time between announcements. The first append is announced at once. */
const INTERVAL_MS = 25;
/** Maximum number of ids in a notification, which PostgreSQL limits to 8,000 bytes. */
const MAX_NAMED = 200;
const RECONNECT_MS = 1_000;

/** Receives the announced ids, such as organizations that have new events; undefined if it may be any. */
export type NotificationListener = (ids?: string[]) => void;

/** A channel of announcements. */
class Channel {
  readonly listeners = new Set<NotificationListener>();
  #ids = new Set<string>();

  constructor(readonly name: string) {}

  add(id: string): void {
    this.#ids.add(id);
  }

  get isEmpty(): boolean {
    return this.#ids.size === 0;
  }

  /** Returns the payload of the next announcement. */
  take(): string {
    const named = this.#ids.size <= MAX_NAMED ? [...this.#ids].join(',') : '';
    this.#ids = new Set();
    return named;
  }
}

/**
 * Tells all processes about new events, so that they need not wait for their next poll, and about callers that have
 * written. Notifications are sent outside of the append's transaction and on a separate connection, because a NOTIFY
 * inside serializes all commits. A lost one only costs a poll interval. The same connection listens.
 */
export class Notifications {
  readonly #events = new Channel('deskstream_events');
  readonly #writers = new Channel('deskstream_writers');
  readonly #channels = [this.#events, this.#writers];
  #holder: string | undefined;
  #asked: Promise<unknown> = Promise.resolve();
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
    this.#events.add(organizationId);
    this.#schedule();
  }

  /** Schedules an announcement of a caller that has written. */
  signalWriter(caller: string): void {
    this.#writers.add(caller);
    this.#schedule();
  }

  /** Calls the listener on all announcements of new events by all processes from now on. */
  listen(listener: NotificationListener): void {
    this.#listenOn(this.#events, listener);
  }

  /** Calls the listener on all announcements of callers that have written, by all processes, from now on. */
  listenToWriters(listener: NotificationListener): void {
    this.#listenOn(this.#writers, listener);
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

  #listenOn({ listeners }: Channel, listener: NotificationListener): void {
    listeners.add(listener);
    void this.#connected().then((client) => client && this.#begin(client));
  }

  /** The channels that have listeners. */
  get #heard(): Channel[] {
    return this.#channels.filter(({ listeners }) => listeners.size > 0);
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
    for (const channel of this.#channels.filter(({ isEmpty }) => !isEmpty)) {
      const announcement = [channel.name, channel.take()];
      // Listeners also poll, so it may fail.
      if (client) await this.#ask(client, 'SELECT pg_notify($1, $2)', announcement);
    }
    this.#sending = false;
  }

  /** Returns the connection, which is opened on first use and again after a break. */
  #connected(): Promise<pg.Client | undefined> {
    if (!this.#closed && !this.#connection) {
      const connection = this.#connect(() => {
        if (this.#connection !== connection) return;
        this.#connection = undefined;
        if (this.#heard.length > 0 || this.#holder !== undefined) this.#connectLater();
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
    client.on('notification', ({ channel: name, payload }) => {
      const channel = this.#channels.find((one) => one.name === name);
      for (const listener of channel?.listeners ?? []) listener(payload ? payload.split(',') : undefined);
    });
    try {
      await client.connect();
      await this.#begin(client);
      return client;
    } catch {
      drop();
      // A failed connection needs no orderly end.
      await client.end().catch(() => undefined);
      return undefined;
    }
  }

  /** Listens and shows the holder. Repeating it changes nothing, and each new connection does it again. */
  async #begin(client: pg.Client): Promise<void> {
    for (const { name } of this.#heard) await this.#ask(client, `LISTEN ${name}`);
    if (this.#holder !== undefined) await this.#ask(client, 'SELECT show_holder_alive($1)', [this.#holder]);
  }

  /** Runs queries one after another. Failures are ignored: a new connection begins again. */
  #ask(client: pg.Client, text: string, values?: unknown[]): Promise<unknown> {
    this.#asked = this.#asked.then(() => client.query(text, values)).catch(() => undefined);
    return this.#asked;
  }
}
