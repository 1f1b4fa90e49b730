import { DomainError } from '#libs/platform/domain-error.js';
import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';

export type CounterEvent = { type: 'CounterRaised'; data: { by: number; note?: string } };

/** Increments a new or existing counter until it reaches `upTo`. */
export interface CounterCommand {
  type: 'Start' | 'Raise';
  by: number;
  upTo?: number;
}

const MOST_AT_ONCE = 1_000;
/** The error for raising it by more. */
export const tooMuch = new DomainError('invalid', `must be at most ${MOST_AT_ONCE}`);

/** The read table of {@link counterStream}. */
export const counters: Projection<CounterEvent> = {
  table: 'counters',
  apply: ({ organizationId, stream, data }) => [
    {
      text: `INSERT INTO counters (organization_id, id, value) VALUES ($1, $2, $3)
             ON CONFLICT (organization_id, id) DO UPDATE SET value = counters.value + excluded.value`,
      values: [organizationId, stream.slice('counter-'.length), data.by],
    },
  ],
};

/** A stream without a resource, for tests of the store itself; its read table is `counters`. */
export const counterStream: StreamDefinition<number, CounterEvent, CounterCommand> = {
  category: 'counter',
  types: { CounterRaised: true },
  initialState: 0,
  shape: 1,
  creates: 'Start',
  decide: ({ by, upTo = Infinity }, sum) => {
    if (by > MOST_AT_ONCE) return tooMuch;
    return sum < upTo ? [raise(by)] : [];
  },
  evolve: (sum, event) => sum + event.data.by,
  projections: [counters],
};

/** The table of {@link counterStream}; a negative value violates it. */
export const COUNTERS_TABLE = `
  CREATE TABLE counters (organization_id uuid NOT NULL, id uuid NOT NULL, value integer NOT NULL CHECK (value >= 0),
    PRIMARY KEY (organization_id, id));
  SELECT protect_projection('counters')`;

export function raise(by: number, note?: string): CounterEvent {
  return { type: 'CounterRaised', data: { by, ...(note !== undefined && { note }) } };
}
