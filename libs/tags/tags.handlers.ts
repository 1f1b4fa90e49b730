import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { Database, violatedConstraint } from '#libs/database/database.js';
import { EntityReader, LISTED, SHOWN, type ShownRow, shownText } from '#libs/event-store/entity-reader.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { VersionConflict } from '#libs/event-store/version-conflict.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { command, query } from '#libs/platform/messages.js';
import { type Tag, type TagCommand } from './tag.rules.js';
import { shownTag } from './tag.shown.js';
import { TAG_NAME_INDEX, tagKey, tagStream } from './tag.stream.js';

/** Creates a tag, and returns it; if the name is taken, returns the existing tag unchanged. */
export class CreateTag extends command<{ context: WriteContext; name: string; color?: string }, Sendable<object>>() {}

/** Changes an existing tag. */
export class ChangeTag extends command<{
  context: WriteContext;
  change: Exclude<TagCommand, { type: 'CreateTag' }>;
}>() {}

/** A tag as it is now or, with `asOf`, as it was then. */
export class GetTag extends query<{ organizationId: string; id: string; asOf?: Date }, Sendable<object>>() {}

/** All tags by name, as they are now or, with `asOf`, as they were then. */
export class ListTags extends query<
  { organizationId: string; includeDeactivated: boolean; asOf?: Date },
  Sendable<object>[]
>() {}

@CommandHandler(CreateTag)
export class CreateTagHandler implements ICommandHandler<CreateTag> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
    private readonly reader: EntityReader,
  ) {}

  execute({ context, name, color }: CreateTag): Promise<Sendable<object>> {
    return this.store.retrying(async () => {
      const id = randomUUIDv7();
      try {
        const { state } = await this.store.handle(tagStream, id, context, { type: 'CreateTag', id, name, color });
        return shownTag(state as Tag);
      } catch (error) {
        if (violatedConstraint(error) !== TAG_NAME_INDEX) throw error;
        return this.#named(context.organizationId, name);
      }
    });
  }

  /** Returns the tag with the name. @throws {VersionConflict} when it has been removed in the meantime */
  async #named(organizationId: string, name: string): Promise<Sendable<object>> {
    const rows = await this.database.query<ShownRow>(organizationId, {
      text: `SELECT ${SHOWN} FROM tags WHERE organization_id = $1 AND name_key = $2 ORDER BY twin LIMIT 1`,
      values: [organizationId, tagKey(name)],
    });
    const [tag] = await this.reader.fresh(tagStream, organizationId, rows);
    if (!tag) throw new VersionConflict();
    return shownText(tag);
  }
}

@CommandHandler(ChangeTag)
export class ChangeTagHandler implements ICommandHandler<ChangeTag> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, change }: ChangeTag): Promise<void> {
    await this.store.handle(tagStream, change.id, context, change);
  }
}

@QueryHandler(GetTag)
export class GetTagHandler implements IQueryHandler<GetTag> {
  constructor(private readonly reader: EntityReader) {}

  execute(query: GetTag): Promise<Sendable<object>> {
    return this.reader.existing(tagStream, 'Tag', query);
  }
}

@QueryHandler(ListTags)
export class ListTagsHandler implements IQueryHandler<ListTags> {
  constructor(private readonly reader: EntityReader) {}

  async execute({ organizationId, includeDeactivated, asOf }: ListTags): Promise<Sendable<object>[]> {
    if (!asOf) {
      return this.reader.list(tagStream, organizationId, {
        text: `SELECT ${LISTED} FROM tags WHERE organization_id = $1 AND ($2 OR state = 'Active') ORDER BY name, id`,
        values: [organizationId, includeDeactivated],
      });
    }
    const tags = (await this.reader.listAsOf(tagStream, organizationId, asOf)) as Tag[];
    return tags.filter(({ state }) => includeDeactivated || state === 'Active');
  }
}
