import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { type Database } from '#libs/platform/database.js';
import { evolveQueue, type Queue, type QueueEvent, type QueueSettings } from './queue.js';

/** A row of `queues`. What nothing filters by is in `settings`. */
export interface QueueRow {
  id: string;
  name: string;
  is_default: boolean;
  settings: Omit<QueueSettings, 'name' | 'isDefault'>;
}

/** The unique index that two queues violate which become the default at the same time. */
export const DEFAULT_QUEUE_INDEX = 'queues_default';

const queueProjection: Projection<QueueEvent> = {
  table: 'queues',
  apply: (event) => {
    const { organizationId, recordedAt } = event;
    switch (event.type) {
      case 'QueueCreated': {
        const { id, name, isDefault, ...settings } = event.data;
        return [
          {
            text: `INSERT INTO queues (organization_id, id, name, is_default, settings, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6)`,
            values: [organizationId, id, name, isDefault, settings, recordedAt],
          },
        ];
      }
      case 'QueueUpdated': {
        const { name, isDefault, ...settings } = event.data.changes;
        return [
          {
            text: `UPDATE queues SET name = coalesce($3, name), is_default = coalesce($4, is_default),
                     settings = jsonb_strip_nulls(settings || $5::jsonb)
                   WHERE organization_id = $1 AND id = $2`,
            values: [organizationId, event.data.id, name, isDefault, settings],
          },
        ];
      }
      case 'QueueDeleted':
        return [
          {
            text: 'DELETE FROM queues WHERE organization_id = $1 AND id = $2',
            values: [organizationId, event.data.id],
          },
        ];
      case 'QueueMembersAssigned':
      case 'QueueMembersRemoved':
        return [];
    }
  },
};

const memberProjection: Projection<QueueEvent> = {
  table: 'queue_members',
  apply: (event) => {
    const { organizationId, data } = event;
    switch (event.type) {
      case 'QueueMembersAssigned':
        return [
          {
            text: 'INSERT INTO queue_members (organization_id, queue_id, agent_id) SELECT $1, $2, unnest($3::uuid[])',
            values: [organizationId, data.id, event.data.agentIds],
          },
        ];
      case 'QueueMembersRemoved':
        return [
          {
            text: 'DELETE FROM queue_members WHERE organization_id = $1 AND queue_id = $2 AND agent_id = ANY($3)',
            values: [organizationId, data.id, event.data.agentIds],
          },
        ];
      case 'QueueDeleted':
        return [
          {
            text: 'DELETE FROM queue_members WHERE organization_id = $1 AND queue_id = $2',
            values: [organizationId, data.id],
          },
        ];
      case 'QueueCreated':
      case 'QueueUpdated':
        return [];
    }
  },
};

export const queueStream: StreamDefinition<Queue | undefined, QueueEvent> = {
  category: 'queue',
  types: {
    QueueCreated: true,
    QueueUpdated: true,
    QueueDeleted: true,
    QueueMembersAssigned: true,
    QueueMembersRemoved: true,
  },
  initialState: undefined,
  evolve: evolveQueue,
  projections: [queueProjection, memberProjection],
};

/** A guard for whoever lets conversations wait in a queue: it exists, and nobody deletes it meanwhile. */
export function queueExists(organizationId: string, id: string): Statement {
  return {
    text: 'SELECT guard(EXISTS (SELECT FROM queues WHERE organization_id = $1 AND id = $2 FOR SHARE))',
    values: [organizationId, id],
  };
}

/** What others show of a queue. */
export type QueueName = Pick<QueueRow, 'id' | 'name'>;

/** Answers one {@link QueueName}, or none. */
export function queueById(organizationId: string, id: string): Statement {
  return {
    text: 'SELECT id, name FROM queues WHERE organization_id = $1 AND id = $2',
    values: [organizationId, id],
  };
}

/** Answers the {@link QueueName} of the default queue, or none when there is no default. */
export function defaultQueue(organizationId: string): Statement {
  return {
    text: 'SELECT id, name FROM queues WHERE organization_id = $1 AND is_default',
    values: [organizationId],
  };
}

/** That queue while it exists, else the default one; no row when there is neither. */
export function queueOrDefault(organizationId: string, id: string | undefined): Statement {
  return {
    text: `SELECT id, name FROM queues WHERE organization_id = $1 AND (id = $2 OR is_default)
           ORDER BY id = $2 DESC NULLS LAST LIMIT 1`,
    values: [organizationId, id],
  };
}

/** Those of the ids that are no queues of the organization. */
export async function missingQueues(database: Database, organizationId: string, ids: string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await database.query<{ id: string }>(organizationId, {
    text: `SELECT id FROM unnest($2::uuid[]) AS id
           WHERE NOT EXISTS (SELECT FROM queues q WHERE q.organization_id = $1 AND q.id = id.id)`,
    values: [organizationId, ids],
  });
  return rows.map(({ id }) => id);
}
