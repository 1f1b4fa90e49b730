import { Command, CommandHandler, type ICommandHandler, type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { type WriteContext } from '#libs/event-store/event.js';
import { EventStore, VersionConflict } from '#libs/event-store/event-store.js';
import { PastStreams } from '#libs/event-store/past-streams.js';
import { Database, violatedConstraint } from '#libs/platform/database.js';
import { notFound } from '#libs/platform/domain-error.js';
import { sortedByName } from '#libs/platform/name-order.js';
import { decideTag, type Tag } from './tag.js';
import { shownTag, TAG_NAME_INDEX, tagById, tagKey, TagRow, tagStream } from './tag.projection.js';

/** Answers the new tag, or the one that has the name already, unchanged. */
export class CreateTag extends Command<Tag> {
  constructor(
    readonly context: WriteContext,
    readonly name: string,
    readonly color?: string,
  ) {
    super();
  }
}

export class ActivateTag extends Command<void> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
  ) {
    super();
  }
}

export class DeactivateTag extends Command<void> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
  ) {
    super();
  }
}

/** The tag is gone, also from conversations; its name is free. */
export class DeleteTag extends Command<void> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
  ) {
    super();
  }
}

/** As it is now, or was then. */
export class GetTag extends Query<Tag> {
  constructor(
    readonly organizationId: string,
    readonly id: string,
    readonly asOf?: Date,
  ) {
    super();
  }
}

/** All tags by name, as they are now or were then. */
export class ListTags extends Query<Tag[]> {
  constructor(
    readonly organizationId: string,
    readonly includeDeactivated: boolean,
    readonly asOf?: Date,
  ) {
    super();
  }
}

@CommandHandler(CreateTag)
export class CreateTagHandler implements ICommandHandler<CreateTag> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  execute({ context, name, color }: CreateTag): Promise<Tag> {
    return this.store.retrying(async () => {
      const id = randomUUIDv7();
      try {
        const command = { type: 'CreateTag', id, name, color } as const;
        const { state } = await this.store.create(tagStream, id, context, () => decideTag(command, undefined));
        return state as Tag;
      } catch (error) {
        if (violatedConstraint(error) !== TAG_NAME_INDEX) throw error;
        return this.#named(context.organizationId, name);
      }
    });
  }

  /** @throws {VersionConflict} when the tag that had the name has been removed meanwhile */
  async #named(organizationId: string, name: string): Promise<Tag> {
    const [row] = await this.database.query<TagRow>(organizationId, {
      text: `SELECT id, name, color, state FROM tags
             WHERE organization_id = $1 AND name_key = $2 ORDER BY twin LIMIT 1`,
      values: [organizationId, tagKey(name)],
    });
    if (!row) throw new VersionConflict();
    return shownTag(row);
  }
}

@CommandHandler(ActivateTag)
export class ActivateTagHandler implements ICommandHandler<ActivateTag> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, id }: ActivateTag): Promise<void> {
    await this.store.execute(tagStream, id, context, (tag) => decideTag({ type: 'ActivateTag', id }, tag));
  }
}

@CommandHandler(DeactivateTag)
export class DeactivateTagHandler implements ICommandHandler<DeactivateTag> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, id }: DeactivateTag): Promise<void> {
    await this.store.execute(tagStream, id, context, (tag) => decideTag({ type: 'DeactivateTag', id }, tag));
  }
}

@CommandHandler(DeleteTag)
export class DeleteTagHandler implements ICommandHandler<DeleteTag> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, id }: DeleteTag): Promise<void> {
    await this.store.execute(tagStream, id, context, (tag) => decideTag({ type: 'DeleteTag', id }, tag));
  }
}

@QueryHandler(GetTag)
export class GetTagHandler implements IQueryHandler<GetTag> {
  constructor(
    private readonly database: Database,
    private readonly past: PastStreams,
  ) {}

  async execute({ organizationId, id, asOf }: GetTag): Promise<Tag> {
    const tag = asOf
      ? (await this.past.load(tagStream, id, organizationId, asOf)).state
      : await this.#current(organizationId, id);
    if (!tag) throw notFound('Tag', id);
    return tag;
  }

  async #current(organizationId: string, id: string): Promise<Tag | undefined> {
    const [row] = await this.database.query<TagRow>(organizationId, tagById(organizationId, id));
    return row && shownTag(row);
  }
}

@QueryHandler(ListTags)
export class ListTagsHandler implements IQueryHandler<ListTags> {
  constructor(
    private readonly database: Database,
    private readonly past: PastStreams,
  ) {}

  async execute({ organizationId, includeDeactivated, asOf }: ListTags): Promise<Tag[]> {
    if (asOf) {
      const tags = await this.past.loadAll(tagStream, organizationId, asOf);
      const listed = tags.flatMap(({ state }) =>
        state && (includeDeactivated || state.state === 'Active') ? state : [],
      );
      return sortedByName(this.database, organizationId, listed);
    }
    const where = { organizationId, ...(!includeDeactivated && { state: 'Active' as const }) };
    const rows = await this.database.reader(organizationId).find(TagRow, { where, order: { name: 'ASC', id: 'ASC' } });
    return rows.map(shownTag);
  }
}
