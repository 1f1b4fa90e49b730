import { type Membership, memberProjection } from '#libs/agents/membership.js';
import { type RowFacts } from '#libs/event-store/entity-row.js';
import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { type Database } from '#libs/platform/database.js';
import { decideQueue, evolveQueue, type QueueCommand, type Queue, type QueueEvent } from './queue.js';
import { type QueueOutput } from './queues.dto.js';

/** The unique index that two queues violate which become the default at the same time. */
export const DEFAULT_QUEUE_INDEX = 'queues_default';

/** Who is in which queue. */
export const QUEUE_MEMBERS: Membership = { table: 'queue_members', entity: 'queue_id' };

export const queueStream: StreamDefinition<Queue | undefined, QueueEvent, QueueCommand> = {
  category: 'queue',
  types: {
    QueueCreated: true,
    QueueUpdated: true,
    QueueDeleted: true,
    QueueMembersAssigned: true,
    QueueMembersRemoved: true,
  },
  initialState: undefined,
  shape: 1,
  creates: 'CreateQueue',
  decide: decideQueue,
  evolve: evolveQueue,
  row: {
    table: 'queues',
    shown: shownQueue,
    columns: {
      name: { of: ({ settings }) => settings.name },
      is_default: { of: ({ settings }) => settings.isDefault },
    },
  },
  projections: [
    memberProjection<QueueEvent>(QUEUE_MEMBERS, {
      QueueMembersAssigned: 'add',
      QueueMembersRemoved: 'remove',
      QueueDeleted: 'clear',
    }),
  ],
};

/** A queue as the API shows it: without its members. */
export function shownQueue({ id, settings }: Queue, { organizationId }: Pick<RowFacts, 'organizationId'>): QueueOutput {
  const { offerAlgorithm, ...others } = settings;
  return {
    ...{ id, ...others, organizationId },
    slaCalculationMethod: 'AbandonedIgnored',
    ...(offerAlgorithm && { offeringAlgorithm: offerAlgorithm }),
    memberListType: 'Default',
    usages: { queueId: id, usages: {} },
  };
}

/** A guard for whoever lets conversations wait in a queue: it exists, and nobody deletes it meanwhile. */
export function queueExists(organizationId: string, id: string): Statement {
  return {
    text: 'SELECT guard(EXISTS (SELECT FROM queues WHERE organization_id = $1 AND id = $2 FOR SHARE))',
    values: [organizationId, id],
  };
}

/** What others show of a queue. */
export type QueueName = Pick<QueueOutput, 'id' | 'name'>;

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
