import pg from 'pg';

const CHANNEL = 'deskstream_events';
/** The first append is announced at once; those that follow within this time share an announcement. */
const INTERVAL_MS = 25;

/**
 * Tells all processes that there are new events, so that they need not wait for their next poll. Sent outside of the
 * append's transaction and on a connection of its own, because a NOTIFY inside makes all commits queue up; a lost one
 * costs a poll interval and nothing else.
 */
export class WakeUp {
  #connection: Promise<pg.Client | undefined> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sending = false;
  #announcedAt = -INTERVAL_MS;
  #pending = false;
  #waiter: (() => void) | undefined;
  #closed = false;

  /** @param listen whether this process waits for events, or only announces them */
  constructor(
    private readonly url: string,
    private readonly listen: boolean,
  ) {}

  /** Announces new events, soon. */
  signal(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        void this.#notify();
      },
      Math.max(0, this.#announcedAt + INTERVAL_MS - performance.now()),
    );
  }

  /** Resolves at the next announcement, at once if one came since the last wait, or after `timeoutMs`. */
  async wait(timeoutMs: number): Promise<void> {
    void this.#connected();
    if (!this.#pending) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#waiter = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#waiter = undefined;
    this.#pending = false;
  }

  /** Ends the wait of this process. */
  wake(): void {
    this.#pending = true;
    this.#waiter?.();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await (await this.#connection)?.end();
  }

  async #notify(): Promise<void> {
    if (this.#sending) {
      this.signal();
      return;
    }
    this.#sending = true;
    this.#announcedAt = performance.now();
    const client = await this.#connected();
    // Whoever listens polls as well.
    await client?.query(`NOTIFY ${CHANNEL}`).catch(() => undefined);
    this.#sending = false;
  }

  /** The connection, made when it is first needed and again after it broke. */
  #connected(): Promise<pg.Client | undefined> {
    if (!this.#closed && !this.#connection) {
      const connection = this.#connect(() => {
        if (this.#connection === connection) this.#connection = undefined;
      });
      this.#connection = connection;
    }
    return this.#connection ?? Promise.resolve(undefined);
  }

  async #connect(drop: () => void): Promise<pg.Client | undefined> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5_000, keepAlive: true });
    client.on('error', drop).on('end', drop);
    client.on('notification', () => {
      this.wake();
    });
    try {
      await client.connect();
      if (this.listen) await client.query(`LISTEN ${CHANNEL}`);
      return client;
    } catch {
      drop();
      // One that never came up, or broke on the way, need not say goodbye.
      await client.end().catch(() => undefined);
      return undefined;
    }
  }
}
