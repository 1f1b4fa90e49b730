import { attributePart } from '#libs/custom-attributes/searched-values.published.js';
import { setPart } from '#libs/event-store/set-part.js';
import { type Conversation } from './conversation.rules.js';

/** The read table of the tags by which conversations are found. */
export const TAGS = { table: 'conversation_tags', owner: 'conversation_id' };

/** The read table of the values by which conversations are found. */
export const VALUES = { table: 'conversation_attributes', owner: 'conversation_id' };

export const tagsPart = setPart({
  ...TAGS,
  columns: { tag_id: 'uuid' },
  source: (conversation: Conversation | undefined) => conversation?.tagIds,
  rows: (tagIds) => tagIds.map((id) => [id]),
});

export const valuesPart = attributePart<Conversation>(VALUES);
