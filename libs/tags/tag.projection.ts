import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { nameKey } from '#libs/platform/text.js';
import { evolveTag, type Tag, type TagEvent, type TagState } from './tag.js';

/** The read table of tags. Its unique index on the name's key is what keeps two racing creations apart. */
@Entity('tags')
export class TagRow {
  @PrimaryColumn('uuid', { name: 'organization_id' }) organizationId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('text') name: string;
  @Column('text', { nullable: true }) color: string | null;
  @Column('text') state: TagState;
}

export const TAG_NAME_INDEX = 'tags_name';

const tagProjection: Projection<TagEvent> = {
  table: 'tags',
  apply: (event) => {
    const { organizationId, data } = event;
    switch (event.type) {
      case 'TagCreated':
        return [
          {
            text: `INSERT INTO tags (organization_id, id, name, color, name_key, twin, state)
                   VALUES ($1, $2, $3, $4, $5, twin_of($1, $2, 'name', $5), 'Active')`,
            values: [organizationId, data.id, event.data.name, event.data.color, tagKey(event.data.name)],
          },
        ];
      case 'TagActivated':
        return [setState(organizationId, data.id, 'Active')];
      case 'TagDeactivated':
        return [setState(organizationId, data.id, 'Inactive')];
      case 'TagDeleted':
        return [
          {
            text: 'DELETE FROM tags WHERE organization_id = $1 AND id = $2',
            values: [organizationId, data.id],
          },
        ];
    }
  },
};

/** What makes two names the same. */
export function tagKey(name: string): string {
  return nameKey(name).trim();
}

function setState(organizationId: string, id: string, state: TagState) {
  return {
    text: 'UPDATE tags SET state = $3 WHERE organization_id = $1 AND id = $2',
    values: [organizationId, id, state],
  };
}

export const tagStream: StreamDefinition<Tag | undefined, TagEvent> = {
  category: 'tag',
  types: { TagCreated: true, TagActivated: true, TagDeactivated: true, TagDeleted: true },
  initialState: undefined,
  evolve: evolveTag,
  projections: [tagProjection],
};

/** One tag, for those who refer to it. */
export function tagById(organizationId: string, id: string): Statement {
  return {
    text: 'SELECT id, name, color, state FROM tags WHERE organization_id = $1 AND id = $2',
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

/** A tag as the API shows it. */
export function shownTag({ id, name, color, state }: TagRow): Tag {
  return { id, name, ...(color !== null && { color }), state };
}
