import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { PARTITIONS } from './partitions.js';

/** The right to lead a partition, with its consumer's position and the epoch that its writes must carry. */
export interface Leadership {
  partition: number;
  epoch: number;
  position: number;
}

interface LeaseRow {
  consumer: string;
  epoch: number;
  position: number;
}

const FENCED_STATE = 'DS002';
/** Duration of a lease: how long a disconnected leader keeps others out. */
const LEASE = `interval '5 seconds'`;

/**
 * The checkpoints of a feed's consumer in each partition, and the leases of the processes that may move them. Processes
 * share the partitions evenly: each renews its leases, claims free ones up to its share, and gives back the rest.
 * Leases of a process end with the connection on which it shows that it is alive, or when they expire. Each new leader
 * gets a higher epoch. The database refuses a checkpoint of an earlier leader, with its whole transaction.
 */
export class Checkpoints {
  readonly #held = new Map<number, Leadership>();
  /** The positions that the database should have. */
  readonly #stored = new Map<number, number>();
  readonly #settling = new Set<number>();

  /**
   * @param database as the worker sees it
   * @param holder the id of this process, which leads nothing unless it is shown to be alive
   */
  constructor(
    private readonly database: Database,
    readonly consumer: string,
    readonly holder: string,
  ) {}

  /** The partitions that this process leads, as of the last {@link renew}. */
  get held(): number[] {
    return [...this.#held.keys()];
  }

  /** Returns whether {@link renew} is moving the checkpoint now: nothing else may. */
  isSettling(partition: number): boolean {
    return this.#settling.has(partition);
  }

  leadershipOf(partition: number): Leadership | undefined {
    return this.#held.get(partition);
  }

  /**
   * Claims and renews this process' share, and stores the positions of pages without deliveries. One round trip.
   * @param busy partitions whose checkpoints are being moved: their positions stay as this process knows them
   * @returns the number of partitions beyond its share
   */
  async renew(busy: ReadonlySet<number>): Promise<number> {
    const moved = [...this.#held.values()].filter(
      ({ partition, position }) => !busy.has(partition) && position !== this.#stored.get(partition),
    );
    const settled = [
      moved.map(({ partition }) => this.#nameOf(partition)),
      moved.map(({ epoch }) => epoch),
      moved.map(({ partition }) => this.#stored.get(partition)),
      moved.map(({ position }) => position),
    ];
    for (const { partition } of moved) this.#settling.add(partition);
    const before = new Map(this.#stored);
    try {
      const results = await this.database.transact(null, [
        { text: SETTLE, values: settled },
        { text: SEEN, values: [this.holder] },
        { text: FORGET_DEAD },
        { text: RENEW, values: [this.#prefix, this.holder] },
        { text: CLAIM, values: [this.#prefix, this.holder] },
        { text: HELD, values: [this.#prefix, this.holder] },
        { text: SHARE },
      ]);
      const [leases, [share]] = results.slice(-2).map(({ rows }) => rows) as [LeaseRow[], [{ share: number }]];
      this.#learn(leases, busy, before);
      return Math.max(0, leases.length - share.share);
    } catch (error) {
      // It is unknown which positions were stored.
      for (const partition of this.held) if (!busy.has(partition)) this.forget(partition);
      throw error;
    } finally {
      this.#settling.clear();
    }
  }

  /** Gives leases back, so that another process can lead at once: all, or those of the given partitions. */
  async resign(partitions?: number[]): Promise<void> {
    for (const partition of partitions ?? this.held) this.forget(partition);
    await this.database.write(null, [
      {
        text: `UPDATE checkpoints SET lease_until = now(), holder = NULL
               WHERE holder = $1 AND starts_with(consumer, $2) AND ($3::text[] IS NULL OR consumer = ANY($3))`,
        values: [this.holder, this.#prefix, partitions?.map((partition) => this.#nameOf(partition))],
      },
      ...(partitions ? [] : [{ text: WITHDRAW, values: [this.holder] }]),
    ]);
  }

  /** Forgets a checkpoint that may not have been stored: the next {@link renew} reads it again. */
  forget(partition: number): void {
    this.#held.delete(partition);
    this.#stored.delete(partition);
  }

  /**
   * Returns a statement that moves a checkpoint, for the transaction whose work it accounts for. If that fails or is
   * not made, {@link forget} it. See {@link isFenced}.
   */
  advance({ partition, epoch }: Leadership, position: number): Statement {
    const values = [this.#nameOf(partition), epoch, this.#stored.get(partition), position];
    this.#stored.set(partition, position);
    return { text: 'SELECT advance_checkpoint($1, $2, $3, $4)', values };
  }

  /** @param before the checkpoints at the time of the request: those that have moved since are newer here */
  #learn(leases: LeaseRow[], busy: ReadonlySet<number>, before: ReadonlyMap<number, number>): void {
    const found = new Map(leases.map((lease) => [Number(lease.consumer.slice(this.#prefix.length)), lease]));
    for (const partition of this.held) if (!found.has(partition)) this.forget(partition);
    for (const [partition, { epoch, position }] of found) {
      const moves = busy.has(partition) || this.#stored.get(partition) !== before.get(partition);
      if (moves && this.#held.get(partition)?.epoch === epoch) continue;
      this.#held.set(partition, { partition, epoch, position });
      this.#stored.set(partition, position);
    }
  }

  get #prefix(): string {
    return `${this.consumer}/`;
  }

  #nameOf(partition: number): string {
    return `${this.#prefix}${partition}`;
  }
}

/** Returns whether a transaction failed because another leader took over, or the checkpoint was another. */
export function isFenced(error: unknown): boolean {
  return (error as { code?: string }).code === FENCED_STATE;
}

const SETTLE = `UPDATE checkpoints c SET position = m.reached
  FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS m(consumer, epoch, stored, reached)
  WHERE c.consumer = m.consumer AND c.epoch = m.epoch AND c.position = m.stored`;
const SEEN = `INSERT INTO partition_holders (id, seen_at) VALUES ($1, now())
  ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`;
/** Withdraws the process from sharing. While it is shown to be alive, it may finish its work. */
const WITHDRAW = `UPDATE partition_holders SET seen_at = '-infinity' WHERE id = $1`;
const FORGET_DEAD = `DELETE FROM partition_holders WHERE seen_at < now() - ${LEASE} AND NOT holder_is_alive(id)`;
/** Skips leases whose page is being stored now, rather than wait for it. */
const RENEW = `UPDATE checkpoints SET lease_until = now() + ${LEASE} WHERE consumer IN (
  SELECT consumer FROM checkpoints WHERE starts_with(consumer, $1) AND holder = $2 FOR UPDATE SKIP LOCKED)`;
const ALIVE = `alive AS MATERIALIZED (SELECT id, seen_at FROM partition_holders WHERE holder_is_alive(id))`;
/** The share of each process that is alive and was seen recently. */
const EACH = `SELECT ceil(${PARTITIONS}::numeric / greatest(count(*), 1))::integer AS share
  FROM alive WHERE seen_at > now() - ${LEASE}`;
const SHARE = `WITH ${ALIVE} ${EACH}`;
const CLAIM = `
  WITH ${ALIVE}, free AS (
    SELECT consumer FROM checkpoints
    WHERE starts_with(consumer, $1) AND holder IS DISTINCT FROM $2 AND $2 IN (SELECT id FROM alive)
      AND (holder IS NULL OR lease_until < now() OR holder NOT IN (SELECT present_holders()))
    ORDER BY random() LIMIT greatest(0,
      (${EACH}) - (SELECT count(*) FROM checkpoints WHERE starts_with(consumer, $1) AND holder = $2))
    FOR UPDATE SKIP LOCKED)
  UPDATE checkpoints c SET holder = $2, epoch = c.epoch + 1, lease_until = now() + ${LEASE} FROM free
  WHERE c.consumer = free.consumer`;
const HELD = `SELECT consumer, epoch, position FROM checkpoints WHERE starts_with(consumer, $1) AND holder = $2`;
