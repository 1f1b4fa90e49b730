/** A stream's state after all its events; version 0 is a stream that does not exist. */
export interface Loaded<State> {
  state: State;
  version: number;
  /** When its last event was recorded; absent when there is none. */
  recordedAt?: Date;
  /** The key of its personal data: see {@link StreamDefinition.personal}. */
  sealedKey?: string;
  /** Whether its row is of another shape, so that the parts may be, too: the next change makes them anew. */
  isStale?: boolean;
}
