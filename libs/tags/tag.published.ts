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

/** A tag with the key of its name: see `tagKey`. */
export type KeyedTag = Omit<Tag, 'color'> & { color: string | null; key: string };

/** Reads the {@link KeyedTag}s whose names have these keys. */
export function tagsByName(organizationId: string, keys: string[]): Statement {
  return {
    text: `SELECT DISTINCT ON (name_key) id, name, document->>'color' AS color, state, name_key AS key FROM tags
           WHERE organization_id = $1 AND name_key = ANY($2) ORDER BY name_key, twin`,
    values: [organizationId, keys],
  };
}

/** A guard: the tags are active, and a concurrent change of them waits for the commit. */
export function tagsAreActive(organizationId: string, ids: string[]): Statement {
  return {
    text: `SELECT guard(cardinality($2::uuid[]) = (SELECT count(*) FROM (SELECT FROM tags
             WHERE organization_id = $1 AND id = ANY($2) AND state = 'Active' ORDER BY id FOR SHARE) AS active))`,
    values: [organizationId, ids],
  };
}
