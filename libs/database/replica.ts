import { setTimeout as pause } from 'node:timers/promises';
import { Counter } from 'prom-client';
import { type BatchResult, type Statement } from './batch.js';
import { type Database, type Reader } from './database.js';
import { type Notifications } from './notifications.js';
import { isBehind, LOOK_MS, Standby, type StandbyOptions, WRITTEN } from './standby.js';
import { isReached, type WalPoint, WalPositions } from './wal-positions.js';

/** The server that answered a batch and, if it was the primary, the reason. */
type Outcome = 'replica' | 'own_write' | 'behind' | 'failed' | 'away';

const reads = new Counter({
  name: 'deskstream_replica_reads_total',
  help: 'Reads that the replica may answer: by the replica, or the reason why the primary answered.',
  labelNames: ['outcome'],
});

/** How far the replica is behind the primary. */
export interface ReplicaLag {
  /** Age of the state: all earlier commits are in it. */
  seconds: number;
  /** WAL that is not replayed. */
  bytes: number;
}

/** How a replica is used. */
export interface ReplicaOptions extends StandbyOptions {
  /** Maximum age of the state that it may answer from. */
  maxLagMs: number;
}

/**
 * A hot standby that answers reads, but never from a state older than the maximum age or the caller's last write. Each
 * batch begins with a statement that fails if the state is too old, and a batch that fails is sent to the primary. So
 * no request fails because the replica is behind or unavailable.
 */
export class Replica {
  readonly #standby: Standby;
  readonly #positions = new WalPositions();
  #replayed: WalPoint & { instant?: number } = { timeline: 0, position: 0 };
  /** The times of callers' writes within the maximum age, oldest first. */
  readonly #wrote = new Map<string, number>();
  /** The last time at which any caller may have written. */
  #anyWrote = -Infinity;
  readonly #closing = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  /** @param notifications announces callers' writes to the other processes */
  constructor(
    private readonly options: ReplicaOptions,
    private readonly primary: Database,
    private readonly notifications: Notifications,
  ) {
    this.#standby = new Standby(options, primary);
  }

  /** Starts to poll both servers. Until then, the primary answers everything. */
  start(): void {
    this.notifications.listenToWriters((callers) => {
      if (callers) for (const caller of callers) this.#note(caller);
      else this.#anyWrote = performance.now();
    });
    this.#standby.start(({ timeline, position }) => {
      const instant = this.#positions.instantOf({ timeline, position }) ?? this.#replayed.instant;
      this.#replayed = { timeline, position, instant };
    });
    this.#looking = this.#lookAtPrimary();
  }

  /** Notes that a caller may have written. Call it before the caller gets the answer. */
  wrote(caller: string): void {
    this.#note(caller);
    this.notifications.signalWriter(caller);
  }

  /** How far the replica is behind; undefined while it is unavailable. */
  get lag(): ReplicaLag | undefined {
    const { position, instant } = this.#replayed;
    const { latest } = this.#positions;
    if (!this.#standby.isUp || instant === undefined || !latest) return undefined;
    return { seconds: (performance.now() - instant) / 1000, bytes: Math.max(0, latest.position - position) };
  }

  /** Whether it can answer callers that have not just written. */
  get isUsed(): boolean {
    const { lag } = this;
    return lag !== undefined && lag.seconds * 1000 <= this.options.maxLagMs;
  }

  /**
   * Returns the reader of one request. Once the primary has answered, it answers the rest, too: no read may see an
   * older state.
   */
  reader(caller: string): Reader {
    let answers = true;
    return {
      read: async (organizationId, statements, askPrimary) => {
        if (!answers) return askPrimary();
        const [outcome, results] = await this.#read(caller, organizationId, statements);
        reads.inc({ outcome });
        if (!results) answers = false;
        return results ?? askPrimary();
      },
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#looking;
    await this.#standby.close();
  }

  async #read(
    caller: string,
    organizationId: string | null,
    statements: Statement[],
  ): Promise<[Outcome, BatchResult[]?]> {
    if (!this.#standby.isUp) return ['away'];
    const oldest = performance.now() - this.options.maxLagMs;
    const wroteAt = Math.max(this.#wrote.get(caller) ?? -Infinity, this.#anyWrote);
    const point = this.#positions.behind(Math.max(oldest, wroteAt));
    // The replica would refuse, so the round trip is saved.
    if (!point || !isReached(point, this.#replayed)) return [wroteAt > oldest ? 'own_write' : 'behind'];
    try {
      return ['replica', await this.#standby.transact(point, organizationId, statements)];
    } catch (error) {
      return [isBehind(error) ? 'behind' : 'failed'];
    }
  }

  #note(caller: string): void {
    this.#wrote.delete(caller);
    this.#wrote.set(caller, performance.now());
  }

  async #lookAtPrimary(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const askedAt = performance.now();
      const found = await this.primary.query<WalPoint>(null, WRITTEN).catch(() => []);
      for (const point of found) this.#positions.add({ askedAt, ...point });
      this.#forget(askedAt - this.options.maxLagMs);
      await pause(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #forget(before: number): void {
    for (const [caller, at] of this.#wrote) {
      if (at >= before) return;
      this.#wrote.delete(caller);
    }
  }
}
