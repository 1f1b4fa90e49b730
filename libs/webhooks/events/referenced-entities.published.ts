import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { fullyQualifiedName } from './fully-qualified-name.published.js';
import { type UserType } from './payload-schemas.published.js';

/** Ids of entities that a payload shows by name. */
export interface References {
  endUserIds?: string[];
  agentIds?: string[];
  queueIds?: string[];
  tagIds?: string[];
}

/** An end user or agent in payloads. Unknown fields are `null`. */
export interface UserPayload {
  id: string;
  name: string | null;
  email: string | null;
  phone: string | null;
  roles: string[];
  user_type: UserType;
}

interface Named {
  id: string;
  name: string;
}

/** A tag on a conversation in payloads. */
export interface TagPayload extends Named {
  is_deactivated: boolean;
}

/** Entities of one organization that payloads refer to. Deleted ones are shown only by their ids. */
export class ReferencedEntities {
  /** @param tagNames also of deleted tags */
  constructor(
    private readonly users: Map<string, UserPayload>,
    private readonly queues: Map<string, Named>,
    private readonly knownTags: Map<string, TagPayload>,
    private readonly tagNames: Map<string, string>,
  ) {}

  endUser(id: string): UserPayload {
    return this.knownUser(id) ?? nobody(id, 'Contact');
  }

  agent(id: string): UserPayload {
    return this.knownUser(id) ?? nobody(id, 'Member');
  }

  /** Returns an agent or end user; undefined when there is none. */
  knownUser(id: string): UserPayload | undefined {
    return this.users.get(id);
  }

  queue(id: string): { id: string; name: string | null } {
    return this.queues.get(id) ?? { id, name: null };
  }

  /** Returns the tags that exist. */
  tags(ids: string[]): TagPayload[] {
    return ids.flatMap((id) => this.knownTags.get(id) ?? []);
  }

  /** Returns a tag's name, even if it is deleted: names never change. */
  tagName(id: string): string {
    return this.tagNames.get(id) ?? '';
  }
}

export const NOTHING_RELATED = new ReferencedEntities(new Map(), new Map(), new Map(), new Map());

/**
 * Reads the entities that all the references of an organization name, in one round trip.
 * @param scope the organization whose rows the database shows; `null` as the worker
 */
export async function readRelated(
  database: Database,
  organizationId: string,
  references: References[],
  scope: string | null = null,
): Promise<ReferencedEntities> {
  const all = (field: keyof References) => [...new Set(references.flatMap((reference) => reference[field] ?? []))];
  const results = await database.transact(scope, [
    endUsers(organizationId, all('endUserIds')),
    agents(organizationId, all('agentIds')),
    queues(organizationId, all('queueIds')),
    tags(organizationId, all('tagIds')),
  ]);
  const [contacts, members, queueRows, tagRows] = results.map(({ rows }) => rows) as [
    PersonRow[],
    (PersonRow & { roles: string[] })[],
    Named[],
    (Named & { state: string | null })[],
  ];
  const people: UserPayload[] = [
    ...contacts.map((row) => ({ ...row, roles: [], user_type: 'Contact' as const })),
    ...members.map((row) => ({ ...row, roles: row.roles.map(fullyQualifiedName), user_type: 'Member' as const })),
  ];
  const present = tagRows.filter(({ state }) => state !== null);
  return new ReferencedEntities(
    byId(people),
    byId(queueRows),
    byId(present.map(({ id, name, state }) => ({ id, name, is_deactivated: state === 'Inactive' }))),
    new Map(tagRows.map(({ id, name }) => [id, name])),
  );
}

type PersonRow = Omit<UserPayload, 'roles' | 'user_type'>;

function byId<T extends { id: string }>(entities: T[]): Map<string, T> {
  return new Map(entities.map((entity) => [entity.id, entity]));
}

function nobody(id: string, userType: UserType): UserPayload {
  return { id, name: null, email: null, phone: null, roles: [], user_type: userType };
}

const PERSON = 'id, display_name AS name, email, phone_number AS phone';

function endUsers(organizationId: string, ids: string[]): Statement {
  return {
    text: `SELECT ${PERSON} FROM end_users WHERE organization_id = $1 AND id = ANY($2)`,
    values: [organizationId, ids],
  };
}

function agents(organizationId: string, ids: string[]): Statement {
  return {
    text: `SELECT ${PERSON}, roles FROM agents WHERE organization_id = $1 AND id = ANY($2)`,
    values: [organizationId, ids],
  };
}

function queues(organizationId: string, ids: string[]): Statement {
  return {
    text: 'SELECT id, name FROM queues WHERE organization_id = $1 AND id = ANY($2)',
    values: [organizationId, ids],
  };
}

/** Reads tags. Deleted ones have no state, and the name that they were created with. */
function tags(organizationId: string, ids: string[]): Statement {
  return {
    text: `SELECT i.id, coalesce(t.name, e.data ->> 'name') AS name, t.state FROM unnest($2::uuid[]) AS i(id)
             LEFT JOIN tags t ON t.organization_id = $1 AND t.id = i.id
             LEFT JOIN events e ON t.id IS NULL AND e.organization_id = $1 AND e.stream = 'tag-' || i.id AND e.version = 1
           WHERE coalesce(t.name, e.data ->> 'name') IS NOT NULL`,
    values: [organizationId, ids],
  };
}
