import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { command } from '#libs/platform/messages.js';
import { type QueueOutput } from './queues.dto.js';

/** A guard for putting conversations into a queue: it exists, and a concurrent deletion waits for the commit. */
export function queueExists(organizationId: string, id: string): Statement {
  return {
    text: 'SELECT guard(EXISTS (SELECT FROM queues WHERE organization_id = $1 AND id = $2 FOR SHARE))',
    values: [organizationId, id],
  };
}

/** The fields of a queue that other resources show. */
export type QueueName = Pick<QueueOutput, 'id' | 'name'>;

/** Reads a {@link QueueName}; no row if there is none. */
export function queueById(organizationId: string, id: string): Statement {
  return {
    text: 'SELECT id, name FROM queues WHERE organization_id = $1 AND id = $2',
    values: [organizationId, id],
  };
}

/** Reads the {@link QueueName} of the default queue; no row if there is no default. */
export function defaultQueue(organizationId: string): Statement {
  return {
    text: 'SELECT id, name FROM queues WHERE organization_id = $1 AND is_default',
    values: [organizationId],
  };
}

/** Reads the {@link QueueName} of the queue if it exists, else of the default queue; no row if there is neither. */
export function queueOrDefault(organizationId: string, id: string | undefined): Statement {
  return {
    text: `SELECT id, name FROM queues WHERE organization_id = $1 AND (id = $2 OR is_default)
           ORDER BY id = $2 DESC NULLS LAST LIMIT 1`,
    values: [organizationId, id],
  };
}

/** Returns those ids that are not queues of the organization. */
export async function missingQueues(database: Database, organizationId: string, ids: string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await database.query<{ id: string }>(organizationId, {
    text: `SELECT id FROM unnest($2::uuid[]) AS id
           WHERE NOT EXISTS (SELECT FROM queues q WHERE q.organization_id = $1 AND q.id = id.id)`,
    values: [organizationId, ids],
  });
  return rows.map(({ id }) => id);
}

/** Deletes a queue. It is refused for the default queue, and while conversations wait in the queue. */
export class DeleteQueue extends command<{ context: WriteContext; id: string }>() {}
