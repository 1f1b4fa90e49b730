import { type Statement } from '#libs/database/batch.js';
import { type EventCodec } from './event-codec.js';
import { type Loaded } from './loaded.js';
import { type AnyStreamDefinition } from './stream-definition.js';

/** Events between two snapshots of a stream with a row: the most that a read of its past folds. */
const BESIDE_ROWS = 50;
/** Events between two snapshots of a stream without a row: the most that a write folds. */
const WITHOUT_ROWS = 20;

/** Returns the number of events between two snapshots of a stream. */
export function eventsPerSnapshot({ row }: AnyStreamDefinition): number {
  return row ? BESIDE_ROWS : WITHOUT_ROWS;
}

/**
 * Returns a statement that stores a snapshot of a stream, from which its past is folded. Its personal data is sealed
 * under the stream's own key, so forgetting includes it. Returns nothing if no snapshot is due or the key is destroyed.
 * @param before the stream's version before
 */
export function snapshotsOf(
  codec: EventCodec,
  definition: AnyStreamDefinition,
  { organizationId, stream }: { organizationId: string; stream: string },
  before: number,
  { state, version, recordedAt, sealedKey }: Loaded<unknown>,
): Statement[] {
  const every = eventsPerSnapshot(definition);
  const isDue = Math.floor(version / every) > Math.floor(before / every);
  const isForgotten = definition.personal !== undefined && sealedKey === undefined;
  if (!isDue || isForgotten || state === undefined) return [];
  const sealed = codec.sealState({ organizationId, stream, version }, state, sealedKey);
  return [
    {
      text: `INSERT INTO snapshots (organization_id, stream, version, shape, recorded_at, state)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (organization_id, stream, version) DO UPDATE SET shape = excluded.shape, state = excluded.state`,
      values: [organizationId, stream, version, definition.shape, recordedAt, sealed],
    },
  ];
}

/** Returns a statement that deletes a forgotten stream's snapshots: nobody can open them any more. */
export function deleteSnapshots(organizationId: string, stream: string): Statement {
  return {
    text: 'DELETE FROM snapshots WHERE organization_id = $1 AND stream = $2',
    values: [organizationId, stream],
  };
}
