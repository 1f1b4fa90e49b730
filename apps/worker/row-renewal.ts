import { Injectable } from '@nestjs/common';
import { PeriodicTask } from '#libs/background/periodic-task.js';
import { type Statement } from '#libs/database/batch.js';
import { WorkerDatabase } from '#libs/database/database.js';
import { merged } from '#libs/database/merged-statements.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { type Loaded } from '#libs/event-store/loaded.js';
import { renewalOf } from '#libs/event-store/read-tables.js';
import { eventsPerSnapshot, snapshotsOf } from '#libs/event-store/snapshots.js';
import { type AnyStreamDefinition, streamName } from '#libs/event-store/stream-definition.js';
import { StreamStates } from '#libs/event-store/stream-states.js';
import { isVersionConflict } from '#libs/event-store/version-conflict.js';

/** Pause between searches for stale rows. */
const EVERY_MS = 60_000;
/** Maximum number of rows that one transaction rebuilds. */
const AT_ONCE = 100;
/** Number of rows between reports of the progress. */
const PROGRESS_ROWS = 10_000;
const NOBODY = '00000000-0000-0000-0000-000000000000';

interface StaleRow {
  organization_id: string;
  id: string | number;
}

/**
 * Rebuilds rows whose shape is older than the program's, in the background. Until then, readers of such a row fold its
 * stream. It may be killed at any time, and workers may do it in parallel: renewed rows stay renewed.
 */
@Injectable()
export class RowRenewal extends PeriodicTask {
  readonly #states: StreamStates;

  constructor(
    private readonly database: WorkerDatabase,
    private readonly codec: EventCodec,
  ) {
    super('Renewal of rows', EVERY_MS);
    this.#states = new StreamStates(database, codec);
  }

  /** Renews all stale rows, table by table. */
  async run(): Promise<void> {
    for (const definition of this.codec.definitions) {
      if (definition.row && !(await this.#isDone(definition))) await this.#renew(definition);
    }
  }

  async #renew(definition: AnyStreamDefinition): Promise<void> {
    let renewed = 0;
    let isWhole = true;
    for (let last: StaleRow = { organization_id: NOBODY, id: firstId(definition) }; !this.stopping;) {
      const rows = await this.#stale(definition, last);
      isWhole = (await this.#renewRows(definition, rows)) && isWhole;
      const before = renewed;
      renewed += rows.length;
      const isEnd = rows.length < AT_ONCE;
      const isDone = isEnd && isWhole;
      if (isDone) await this.#finish(definition);
      if (Math.floor(renewed / PROGRESS_ROWS) > Math.floor(before / PROGRESS_ROWS) || (isEnd && renewed > 0)) {
        this.logger.log(`${definition.row?.table}: ${renewed} rows rebuilt${isDone ? ', all of them' : ''}`);
      }
      if (isEnd) return;
      last = rows.at(-1) as StaleRow;
    }
  }

  #stale({ row, shape }: AnyStreamDefinition, last: StaleRow): Promise<StaleRow[]> {
    return this.database.query<StaleRow>(null, {
      text: `SELECT organization_id, id FROM ${row?.table} WHERE (organization_id, id) > ($1, $2) AND shape < $3
             ORDER BY organization_id, id LIMIT ${AT_ONCE}`,
      values: [last.organization_id, last.id, shape],
    });
  }

  /** Returns false if another process changed one of the rows first; that row may be stale again. */
  async #renewRows(definition: AnyStreamDefinition, rows: StaleRow[]): Promise<boolean> {
    if (rows.length === 0) return true;
    const streams = rows.map(({ organization_id, id }) => ({
      definition,
      organizationId: organization_id,
      id: String(id),
      stream: streamName(definition, String(id)),
    }));
    const folded = await this.#states.fold(null, streams);
    const renewals = streams.map((key, index) => renewalOf(definition, key, folded[index] as Loaded<unknown>));
    // The rows come last: a renewed row implies that its snapshots are there, too.
    for (const [index, stream] of streams.entries())
      await this.#snapshots(stream, (folded[index] as Loaded<unknown>).version);
    if (await this.#tryToWrite(renewals.flat())) return true;
    for (const renewal of renewals) await this.#tryToWrite(renewal);
    return false;
  }

  /** Writes all rows. If another process has changed or renewed one of them, writes none and returns false. */
  async #tryToWrite(statements: Statement[]): Promise<boolean> {
    try {
      await this.database.write(null, merged(statements));
      return true;
    } catch (error) {
      if (isVersionConflict(error)) return false;
      throw error;
    }
  }

  /** Stores missing snapshots of a long stream, one after the other: each is folded from the one before. */
  async #snapshots(
    key: { definition: AnyStreamDefinition; organizationId: string; stream: string },
    newest: number,
  ): Promise<void> {
    const every = eventsPerSnapshot(key.definition);
    for (let version = every; version <= newest && !this.stopping; version += every) {
      const [loaded] = await this.#states.fold(null, [{ ...key, through: version }]);
      const statements: Statement[] = snapshotsOf(
        this.codec,
        key.definition,
        key,
        version - 1,
        loaded as Loaded<unknown>,
      );
      await this.database.write(null, statements);
    }
  }

  async #isDone({ row, shape }: AnyStreamDefinition): Promise<boolean> {
    const [found] = await this.database.query<{ shape: number }>(null, {
      text: 'SELECT shape FROM renewed_tables WHERE name = $1',
      values: [row?.table],
    });
    return found?.shape === shape;
  }

  async #finish({ row, shape }: AnyStreamDefinition): Promise<void> {
    await this.database.write(null, [
      {
        text: `INSERT INTO renewed_tables (name, shape) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET shape = excluded.shape`,
        values: [row?.table, shape],
      },
    ]);
  }
}

/** Returns an id below all ids of a kind of entity. */
function firstId({ row }: AnyStreamDefinition): string | number {
  return row?.idType === 'bigint' ? -1 : NOBODY;
}
