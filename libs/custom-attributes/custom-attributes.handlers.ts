import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { Database, violatedConstraint } from '#libs/database/database.js';
import { EntityReader, LISTED } from '#libs/event-store/entity-reader.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { type Changes } from '#libs/platform/changes.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { command, query } from '#libs/platform/messages.js';
import { draftOf } from './attribute-options.rules.js';
import { type AttributeSettings, type CustomAttribute, type DraftDefinition } from './custom-attribute.rules.js';
import { customAttributeStream, IDENTIFIER_INDEX } from './custom-attribute.stream.js';
import {
  type CreateCustomAttributeInput,
  type CustomAttributeDefinition,
  type PatchCustomAttributeInput,
} from './custom-attributes.dto.js';

/** Creates an attribute, and returns it. */
export class CreateCustomAttribute extends command<
  { context: WriteContext; input: CreateCustomAttributeInput },
  CustomAttributeDefinition
>() {}

/** Changes the given fields, and returns the changed attribute. */
export class UpdateCustomAttribute extends command<
  { context: WriteContext; id: string; input: PatchCustomAttributeInput },
  CustomAttributeDefinition
>() {}

export class ArchiveCustomAttribute extends command<{ context: WriteContext; id: string }>() {}

/** An attribute as it is now or, with `asOf`, as it was then. */
export class GetCustomAttribute extends query<
  { organizationId: string; id: string; asOf?: Date },
  Sendable<object>
>() {}

/** All attributes, oldest first. */
export class ListCustomAttributes extends query<{ organizationId: string }, Sendable<object>[]>() {}

@CommandHandler(CreateCustomAttribute)
export class CreateCustomAttributeHandler implements ICommandHandler<CreateCustomAttribute> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, input }: CreateCustomAttribute): Promise<CustomAttributeDefinition> {
    const { entityType, identifier, label, description, isRequired = false } = input;
    const inputDefinition = draftDefinition(input.inputDefinition);
    const id = randomUUIDv7();
    const attribute = {
      id,
      entityType,
      identifier,
      label,
      isRequired,
      inputDefinition,
      ...(typeof description === 'string' && { description }),
    };
    try {
      const command = { type: 'CreateCustomAttribute', attribute } as const;
      const { state } = await this.store.handle(customAttributeStream, id, context, command);
      return state as CustomAttribute;
    } catch (error) {
      if (violatedConstraint(error) !== IDENTIFIER_INDEX) throw error;
      throw await this.#taken(context.organizationId, input);
    }
  }

  /** Returns the error for a taken identifier. Identifiers are never freed, so the other attribute exists. */
  async #taken(organizationId: string, { entityType, identifier }: CreateCustomAttributeInput): Promise<DomainError> {
    const [other] = await this.database.query<{ id: string }>(organizationId, {
      text: `SELECT id FROM custom_attributes
             WHERE organization_id = $1 AND entity_type = $2 AND lower(identifier) = lower($3)`,
      values: [organizationId, entityType, identifier],
    });
    const message = `already belongs to custom attribute ${other?.id}`;
    return new DomainError('invalid', `Validation failure: identifier ${identifier} ${message}`, {
      faults: [{ path: 'identifier', message }],
    });
  }
}

@CommandHandler(UpdateCustomAttribute)
export class UpdateCustomAttributeHandler implements ICommandHandler<UpdateCustomAttribute> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, id, input }: UpdateCustomAttribute): Promise<CustomAttributeDefinition> {
    const { inputDefinition, ...others } = input;
    const changes: Changes<Omit<AttributeSettings, 'inputDefinition'> & { inputDefinition: DraftDefinition }> = {
      ...others,
      ...(inputDefinition && { inputDefinition: draftDefinition(inputDefinition) }),
    };
    const command = { type: 'UpdateCustomAttribute', id, changes } as const;
    const { state } = await this.store.handle(customAttributeStream, id, context, command);
    return state as CustomAttribute;
  }
}

@CommandHandler(ArchiveCustomAttribute)
export class ArchiveCustomAttributeHandler implements ICommandHandler<ArchiveCustomAttribute> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, id }: ArchiveCustomAttribute): Promise<void> {
    await this.store.handle(customAttributeStream, id, context, { type: 'ArchiveCustomAttribute', id });
  }
}

@QueryHandler(GetCustomAttribute)
export class GetCustomAttributeHandler implements IQueryHandler<GetCustomAttribute> {
  constructor(private readonly reader: EntityReader) {}

  execute(query: GetCustomAttribute): Promise<Sendable<object>> {
    return this.reader.existing(customAttributeStream, 'Custom attribute', query);
  }
}

@QueryHandler(ListCustomAttributes)
export class ListCustomAttributesHandler implements IQueryHandler<ListCustomAttributes> {
  constructor(private readonly reader: EntityReader) {}

  async execute({ organizationId }: ListCustomAttributes): Promise<Sendable<object>[]> {
    return this.reader.list(customAttributeStream, organizationId, {
      text: `SELECT ${LISTED} FROM custom_attributes WHERE organization_id = $1 ORDER BY created_at, id`,
      values: [organizationId],
    });
  }
}

function draftDefinition(input: CreateCustomAttributeInput['inputDefinition']): DraftDefinition {
  if (input._type === 'Select') return { _type: 'Select', options: draftOf(input.options ?? [], randomUUIDv7) };
  return { _type: 'Text', ...(input.placeholder !== undefined && { placeholder: input.placeholder }) };
}
