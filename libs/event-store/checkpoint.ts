import { randomUUID } from 'node:crypto';
import { type Statement } from '#libs/platform/batch.js';
import { type Database } from '#libs/platform/database.js';

/** The right to lead a consumer: how far it got, and the epoch that its writes must carry. */
export interface Leadership {
  epoch: number;
  position: number;
}

const FENCED_STATE = 'DS002';
/** How long a leader that died keeps others out. */
const LEASE_SECONDS = 5;

/**
 * How far one consumer of the feed has got, and which process may move it. Each new leader gets a higher epoch, and a
 * checkpoint that an earlier leader still tries to write is refused by the database, with all that came with it.
 */
export class Checkpoint {
  readonly #holder = randomUUID();
  /** As the database should have it. */
  #stored = 0;

  constructor(
    private readonly database: Database,
    readonly consumer: string,
  ) {}

  /** Becomes or stays leader for the next {@link LEASE_SECONDS}; undefined while another process leads. */
  async lead(): Promise<Leadership | undefined> {
    const [row] = await this.database.query<Leadership>(null, {
      text: `INSERT INTO checkpoints AS c (consumer, position, epoch, holder, lease_until)
             VALUES ($1, 0, 1, $2, now() + make_interval(secs => $3))
             ON CONFLICT (consumer) DO UPDATE SET
               epoch = c.epoch + (c.holder IS DISTINCT FROM excluded.holder)::int,
               holder = excluded.holder,
               lease_until = excluded.lease_until
             WHERE c.holder = excluded.holder OR c.lease_until < now()
             RETURNING epoch, position`,
      values: [this.consumer, this.#holder, LEASE_SECONDS],
    });
    if (row) this.#stored = row.position;
    return row;
  }

  /** Gives the lease back, so that another process can lead at once. */
  async resign(): Promise<void> {
    await this.database.query(null, {
      text: 'UPDATE checkpoints SET lease_until = now(), holder = NULL WHERE consumer = $1 AND holder = $2',
      values: [this.consumer, this.#holder],
    });
  }

  /**
   * Moves the checkpoint; belongs into the transaction whose work it accounts for. When that fails, or is not made, the
   * next fails, too, until {@link lead} has looked where the checkpoint is. See {@link isFenced}.
   */
  advance(epoch: number, position: number): Statement {
    const values = [this.consumer, epoch, this.#stored, position];
    this.#stored = position;
    return { text: 'SELECT advance_checkpoint($1, $2, $3, $4)', values };
  }
}

/** Whether a transaction failed because its leader has been succeeded by another, or is wrong about the checkpoint. */
export function isFenced(error: unknown): boolean {
  return (error as { code?: string }).code === FENCED_STATE;
}
