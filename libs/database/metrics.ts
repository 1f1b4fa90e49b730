import { Logger } from '@nestjs/common';
import { Gauge, register } from 'prom-client';
import { withTimeout } from '#libs/platform/timeout.js';
import { reasonOf } from '#libs/platform/reason.js';
import { type Statement } from './batch.js';
import { type Database } from './database.js';

/** Maximum time that a scrape waits for the database, well within Prometheus' timeout of 10 seconds. */
const WITHIN_MS = 3_000;

const logger = new Logger('Metrics');

/** A value of a gauge, with its labels. */
export type Sample = [labels: Record<string, string>, value: number];

/** A gauge whose samples follow from what a scrape has read. */
export interface WatchedGauge<Read> {
  name: string;
  help: string;
  labelNames?: string[];
  samples: (read: Read) => Sample[];
}

/**
 * Exports gauges that follow from the one row of a statement, which each scrape runs once. They are missing while the
 * database is unavailable. Watching a gauge again replaces it.
 */
export function watchRow<Row>(database: Database, statement: Statement, gauges: WatchedGauge<Row>[]): void {
  const read = shared(async () => (await answered(database.query<Row>(null, statement)))?.[0]);
  watch(read, gauges);
}

/** Exports the connections of some databases, by the names of their pools, and whether they answer. */
export function watchConnections(databases: Record<string, Database>): void {
  const all = Object.entries(databases);
  const loads = () =>
    Promise.resolve(all.flatMap(([name, database]) => database.loads.map((load) => ({ name, load }))));
  watch(loads, [
    {
      name: 'deskstream_database_connections',
      help: 'Open connections of this process, by pool: in use, or idle.',
      labelNames: ['pool', 'state'],
      samples: (read) =>
        read.flatMap(({ name, load }): Sample[] => [
          [{ pool: name + load.suffix, state: 'in_use' }, load.inUse],
          [{ pool: name + load.suffix, state: 'idle' }, load.idle],
        ]),
    },
    {
      name: 'deskstream_database_connections_max',
      help: 'Maximum number of connections, by pool.',
      labelNames: ['pool'],
      samples: (read) => read.map(({ name, load }) => [{ pool: name + load.suffix }, load.max]),
    },
    {
      name: 'deskstream_database_waiting',
      help: 'Calls that wait for a connection, by pool.',
      labelNames: ['pool'],
      samples: (read) => read.map(({ name, load }) => [{ pool: name + load.suffix }, load.waiting]),
    },
  ]);
  const pings = () => Promise.all(all.map(async ([, database]) => await answered(database.ping().then(() => true))));
  watch(pings, [
    {
      name: 'deskstream_database_up',
      help: 'Whether the database answers this process and accepts changes: 1, else 0.',
      samples: (read) => [[{}, read.every((up) => up) ? 1 : 0]],
    },
  ]);
}

/** Exports gauges of what `read` returns; none when it returns nothing. */
export function watch<Read>(read: () => Promise<Read | undefined>, gauges: WatchedGauge<Read>[]): void {
  for (const { name, help, labelNames = [], samples } of gauges) {
    register.removeSingleMetric(name);
    new Gauge({
      name,
      help,
      labelNames,
      async collect() {
        const found = await read();
        this.reset();
        // Removes its 0, which would look like a measured value.
        if (labelNames.length === 0) this.remove();
        if (found !== undefined) for (const [labels, value] of samples(found)) this.set(labels, value);
      },
    });
  }
}

/** Shares a run of `work` among callers while it is under way, which are the gauges of one scrape. */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () =>
    (running ??= work().finally(() => {
      running = undefined;
    }));
}

/** Returns the database's answer; undefined, which is logged, when it fails or does not come in time. */
async function answered<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await withTimeout(answer, WITHIN_MS);
  } catch (error) {
    logger.warn({ reason: reasonOf(error) }, 'A scrape of the metrics could not read the database');
    return undefined;
  }
}
