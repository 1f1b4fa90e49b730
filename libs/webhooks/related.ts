import { type Statement } from '#libs/platform/batch.js';
import { type Database } from '#libs/platform/database.js';

/** Ids of entities that a payload shows by name. */
export interface References {
  endUserIds?: string[];
  agentIds?: string[];
  queueIds?: string[];
  tagIds?: string[];
}

/** An end user or agent in payloads. What is not known of them is `null`. */
export interface UserPayload {
  id: string;
  name: string | null;
  email: string | null;
  phone: string | null;
  roles: string[];
  user_type: 'AGENT' | 'CONTACT';
}

interface Named {
  id: string;
  name: string;
}

/** Entities that payloads refer to, of one organization. One that is gone is shown by its id alone. */
export class Related {
  constructor(
    private readonly users: Map<string, UserPayload>,
    private readonly named: Map<string, Named>,
  ) {}

  endUser(id: string): UserPayload {
    return this.users.get(id) ?? { id, name: null, email: null, phone: null, roles: [], user_type: 'CONTACT' };
  }

  agent(id: string): UserPayload {
    return this.users.get(id) ?? { id, name: null, email: null, phone: null, roles: ['AGENT'], user_type: 'AGENT' };
  }

  /** Those of the tags that there are. */
  tags(ids: string[]): Named[] {
    return ids.flatMap((id) => this.named.get(id) ?? []);
  }

  /** A queue or tag. */
  queueOrTag(id: string): { id: string; name: string | null } {
    return this.named.get(id) ?? { id, name: null };
  }
}

export const NOTHING_RELATED = new Related(new Map(), new Map());

/** Reads what all the references of an organization name, in one round trip. */
export async function readRelated(
  database: Database,
  organizationId: string,
  references: References[],
): Promise<Related> {
  const all = (field: keyof References) => [...new Set(references.flatMap((reference) => reference[field] ?? []))];
  const [endUsers, agents, queues, tags] = await database.transact(null, [
    users(organizationId, 'end_users', all('endUserIds')),
    users(organizationId, 'agents', all('agentIds')),
    names(organizationId, 'queues', all('queueIds')),
    names(organizationId, 'tags', all('tagIds')),
  ]);
  const people = [
    ...((endUsers?.rows ?? []) as UserRow[]).map((row) => userPayload(row, 'CONTACT')),
    ...((agents?.rows ?? []) as UserRow[]).map((row) => userPayload(row, 'AGENT')),
  ];
  const named = [...((queues?.rows ?? []) as Named[]), ...((tags?.rows ?? []) as Named[])];
  return new Related(
    new Map(people.map((user) => [user.id, user])),
    new Map(named.map((entity) => [entity.id, entity])),
  );
}

type UserRow = Omit<UserPayload, 'roles' | 'user_type'>;

function userPayload(row: UserRow, type: UserPayload['user_type']): UserPayload {
  return { ...row, roles: type === 'AGENT' ? ['AGENT'] : [], user_type: type };
}

function users(organizationId: string, table: 'end_users' | 'agents', ids: string[]): Statement {
  return {
    text: `SELECT id, display_name AS name, email, phone_number AS phone FROM ${table}
           WHERE organization_id = $1 AND id = ANY($2)`,
    values: [organizationId, ids],
  };
}

function names(organizationId: string, table: 'queues' | 'tags', ids: string[]): Statement {
  return {
    text: `SELECT id, name FROM ${table} WHERE organization_id = $1 AND id = ANY($2)`,
    values: [organizationId, ids],
  };
}
