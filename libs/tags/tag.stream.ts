import { twinOf } from '#libs/database/twins.js';
import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { nameKey } from '#libs/platform/text.js';
import { decideTag, evolveTag, type Tag, type TagCommand, type TagEvent } from './tag.rules.js';
import { shownTag } from './tag.shown.js';

/** Makes names unique, also among concurrent creations. */
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

/** Returns the key by which names are compared. */
export function tagKey(name: string): string {
  return nameKey(name).trim();
}
