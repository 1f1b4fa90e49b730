import { type StreamDefinition } from '#libs/event-store/stream-definition.js';

export type CounterEvent = { type: 'CounterRaised'; data: { by: number; note?: string } };

/** A stream that knows no resource, for tests of the store itself; its read table is `counters`. */
export const counterStream: StreamDefinition<number, CounterEvent> = {
  category: 'counter',
  types: { CounterRaised: true },
  initialState: 0,
  evolve: (sum, event) => sum + event.data.by,
  projections: [
    {
      table: 'counters',
      apply: ({ organizationId, stream, data }) => [
        {
          text: `INSERT INTO counters (organization_id, id, value) VALUES ($1, $2, $3)
                 ON CONFLICT (organization_id, id) DO UPDATE SET value = counters.value + excluded.value`,
          values: [organizationId, stream.slice('counter-'.length), data.by],
        },
      ],
    },
  ],
};

/** The table of {@link counterStream}; a negative value violates it. */
export const COUNTERS_TABLE = `
  CREATE TABLE counters (organization_id uuid NOT NULL, id uuid NOT NULL, value integer NOT NULL CHECK (value >= 0),
    PRIMARY KEY (organization_id, id));
  SELECT protect_projection('counters')`;

export function raise(by: number, note?: string): CounterEvent {
  return { type: 'CounterRaised', data: { by, ...(note !== undefined && { note }) } };
}
