import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { nameKey } from '#libs/platform/text.js';
import { twinOf } from '#libs/platform/twins.js';
import { decideTag, evolveTag, type Tag, type TagCommand, type TagEvent } from './tag.js';

/** Keeps two racing creations of one name apart. */
export const TAG_NAME_INDEX = 'tags_name';

export const tagStream: StreamDefinition<Tag | undefined, TagEvent, TagCommand> = {
  category: 'tag',
  types: { TagCreated: true, TagActivated: true, TagDeactivated: true, TagDeleted: true },
  initialState: undefined,
  shape: 1,
  creates: 'CreateTag',
  decide: decideTag,
  evolve: evolveTag,
  row: {
    table: 'tags',
    shown: shownTag,
    columns: {
      name: { of: ({ name }) => name, constant: true },
      name_key: { of: ({ name }) => tagKey(name), constant: true },
      twin: {
        of: ({ name }) => tagKey(name),
        sql: (key, organization, id) => twinOf(organization, id, "'name'", key),
        constant: true,
      },
      state: { of: ({ state }) => state },
    },
  },
};

/** A tag as the API shows it. */
export function shownTag({ id, name, color, state }: Tag): Tag {
  return { id, name, ...(color !== undefined && { color }), state };
}

/** What makes two names the same. */
export function tagKey(name: string): string {
  return nameKey(name).trim();
}

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
