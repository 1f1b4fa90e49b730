import type pg from 'pg';
import { Places } from '#libs/platform/places.js';
import { type BatchResult, type Statement } from './batch.js';
import { connect, type DatabaseOptions, openingOf, send, WITHIN_MS } from './connections.js';
import { type OutageWatch } from './outage-watch.js';
import { loadOf, type PoolLoad } from './pool-load.js';
import { UnitOfWork } from './unit-of-work.js';

/** What a unit of work does, from the results of its opening statements on. */
export type Work<T> = (unit: UnitOfWork, opened: BatchResult[]) => Promise<T>;

/** The connections for units of work, so that long ones do not delay other calls. */
export class UnitPool {
  /** Begins each transaction. */
  readonly #opening: Statement[];
  readonly #places: Places;

  constructor(
    private readonly pool: pg.Pool,
    private readonly options: DatabaseOptions,
    private readonly watch: OutageWatch,
  ) {
    const { max } = pool.options;
    this.#opening = openingOf(options);
    this.#places = new Places({
      places: max,
      // Leaves one place to others: a unit can be long.
      most: Math.max(1, max - 1),
      withinMs: WITHIN_MS,
      refusal: 'Too many requests with an Idempotency-Key are being processed; send this one again',
    });
  }

  /** See {@link Database.inUnit}. */
  run<T>(organizationId: string, opening: Statement[], work: Work<T>): Promise<T> {
    return this.#places.with(organizationId, () => this.watch.over(this.#run(organizationId, opening, work)));
  }

  get load(): PoolLoad {
    return loadOf('_units', this.pool, this.#places);
  }

  async #run<T>(organizationId: string, opening: Statement[], work: Work<T>): Promise<T> {
    const client = await connect(this.pool);
    const unit = new UnitOfWork(organizationId, (statements, wanted) => send(client, statements, wanted, this.options));
    try {
      const opened = await unit.begin(this.#opening, opening);
      const result = await work(unit, opened);
      // If a part of the work failed as unavailable, the result must not be committed.
      if (unit.broken) throw unit.broken;
      await unit.commit();
      return result;
    } catch (error) {
      await unit.rollback().catch(() => undefined);
      throw unit.broken ?? error;
    } finally {
      client.release(unit.broken !== undefined);
    }
  }
}
