import { type Statement } from '#libs/database/batch.js';
import { type Tag } from './tag.rules.js';

/** What others need of a tag. */
export type TagName = Pick<Tag, 'id' | 'name' | 'state'>;

/** Answers one {@link TagName}, or none. */
export function tagById(organizationId: string, id: string): Statement {
  return {
    text: 'SELECT id, name, state FROM tags WHERE organization_id = $1 AND id = $2',
    values: [organizationId, id],
  };
}

/** A guard: the tag is active, and stays so until this is committed. */
export function tagIsActive(organizationId: string, id: string): Statement {
  return {
    text: `SELECT guard(EXISTS (SELECT FROM tags
             WHERE organization_id = $1 AND id = $2 AND state = 'Active' FOR SHARE))`,
    values: [organizationId, id],
  };
}
