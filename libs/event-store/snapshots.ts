import { type Statement } from '#libs/database/batch.js';
import { type EventCodec } from './event-codec.js';
import { type Loaded } from './loaded.js';
import { type AnyStreamDefinition } from './stream-definition.js';

/** Events between two snapshots of a stream whose state has a row: what a look at its past costs at most. */
const BESIDE_ROWS = 50;
/** Of one without: what each write costs at most. */
const WITHOUT_ROWS = 20;

/** Events between two snapshots of a stream. */
export function eventsPerSnapshot({ row }: AnyStreamDefinition): number {
  return row ? BESIDE_ROWS : WITHOUT_ROWS;
}

/**
 * Keeps what a stream is, each so many events, so that its past is folded from there on. A stream's personal data is
 * sealed under its own key there, too: forgetting reaches it. Nothing when it is not yet time, or
 * the key is destroyed.
 * @param before the version that it was at
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

/** Drops the snapshots of a stream whose personal data is forgotten: nobody can open them any more. */
export function deleteSnapshots(organizationId: string, stream: string): Statement {
  return {
    text: 'DELETE FROM snapshots WHERE organization_id = $1 AND stream = $2',
    values: [organizationId, stream],
  };
}
