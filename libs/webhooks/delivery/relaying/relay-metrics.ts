import { type Database } from '#libs/database/database.js';
import { watch, watchRow } from '#libs/database/metrics.js';
import { RELAY_CONSUMER } from '../../log/redaction.published.js';

/** Maximum number of events to count in each partition, so that a scrape costs little. */
const MOST_COUNTED = 1_000;

/** The events after each partition's checkpoint, and the time at which the oldest of them was recorded. */
const LAG = {
  text: `SELECT coalesce(sum(events), 0)::bigint AS events,
           coalesce(extract(epoch FROM greatest(now() - min(oldest), interval '0')), 0)::float8 AS seconds
         FROM checkpoints c CROSS JOIN LATERAL (
           SELECT count(*) AS events, min(recorded_at) AS oldest FROM (
             SELECT recorded_at FROM events
             WHERE partition_of(organization_id) = substr(c.consumer, length($1) + 1)::integer AND position > c.position
             ORDER BY position LIMIT ${MOST_COUNTED}
           ) AS next
         ) AS news
         WHERE starts_with(c.consumer, $1)`,
  values: [`${RELAY_CONSUMER}/`],
};

interface Lag {
  events: number;
  seconds: number;
}

/** Returns how far the relay of the whole installation is behind. @param database as the worker sees it */
export async function readLag(database: Database): Promise<Lag> {
  const [lag] = await database.query<Lag>(null, LAG);
  return lag as Lag;
}

/** Exports how far the relay of the whole installation is behind. @param database as the worker sees it */
export function watchRelay(database: Database): void {
  watchRow<Lag>(database, LAG, [
    {
      name: 'deskstream_relay_lag_events',
      help: `Events that the relay has not read yet. Up to ${MOST_COUNTED} are counted in each partition.`,
      samples: ({ events }) => [[{}, events]],
    },
    {
      name: 'deskstream_relay_lag_seconds',
      help: 'Age of the oldest event that the relay has not read yet; 0 if there is none.',
      samples: ({ seconds }) => [[{}, seconds]],
    },
  ]);
}

/** Exports the partitions that this process leads. */
export function watchLed(held: () => number[]): void {
  watch(
    () => Promise.resolve(held()),
    [
      {
        name: 'deskstream_relay_partition_led',
        help: 'Partitions that this process leads: 1 for each.',
        labelNames: ['partition'],
        samples: (partitions) => partitions.map((partition) => [{ partition: String(partition) }, 1]),
      },
    ],
  );
}
