import { watch } from './metrics.js';
import { type Replica } from './replica.js';

/** Exports how far the replica of this process is behind; nothing while it is unavailable, or if there is none. */
export function watchReplica(replica: Replica | undefined): void {
  watch(
    () => Promise.resolve(replica?.lag),
    [
      {
        name: 'deskstream_replica_lag_seconds',
        help: 'Age of the state of the replica. Missing while it is unavailable.',
        samples: ({ seconds }) => [[{}, seconds]],
      },
      {
        name: 'deskstream_replica_lag_bytes',
        help: 'WAL of the primary that the replica has not replayed. Missing while it is unavailable.',
        samples: ({ bytes }) => [[{}, bytes]],
      },
    ],
  );
}
