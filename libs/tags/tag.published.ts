import { type Statement } from '#libs/database/batch.js';
import { type Tag } from './tag.rules.js';

/** The fields of a tag that other resources need. */
export type TagName = Pick<Tag, 'id' | 'name' | 'state'>;

/** Reads a {@link TagName}; no row if there is none. */
export function tagById(organizationId: string, id: string): Statement {
  return {
    text: 'SELECT id, name, state FROM tags WHERE organization_id = $1 AND id = $2',
    values: [organizationId, id],
  };
}

/** A guard: the tag is active, and a concurrent change waits for the commit. */
export function tagIsActive(organizationId: string, id: string): Statement {
  return {
    text: `SELECT guard(EXISTS (SELECT FROM tags
             WHERE organization_id = $1 AND id = $2 AND state = 'Active' FOR SHARE))`,
    values: [organizationId, id],
  };
}
