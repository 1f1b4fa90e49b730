/** A stream's state after all its events; version 0 is a stream that does not exist. */
export interface Loaded<State> {
  state: State;
  version: number;
  /** When its last event was recorded; absent when there is none. */
  recordedAt?: Date;
  /** The key of its personal data: see {@link StreamDefinition.personal}. */
  sealedKey?: string;
  /** Whether its row, and perhaps its parts, have another shape: the next change rebuilds them. */
  isStale?: boolean;
}
