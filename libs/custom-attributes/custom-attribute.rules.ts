import { type Recording } from '#libs/event-store/event.js';
import { applyChanges, type Changes, changesOf } from '#libs/platform/changes.js';
import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { type DraftOption, type SelectOption, settledOptions } from './attribute-options.rules.js';

export const ENTITY_TYPES = ['Contact', 'Conversation'] as const;
/** The kind of entity that has values of an attribute: end users or conversations. */
export type EntityType = (typeof ENTITY_TYPES)[number];

/** How a value is entered: as free text, or as the path from a root to a leaf of nested options. */
export type InputDefinition = { _type: 'Text'; placeholder?: string } | { _type: 'Select'; options: SelectOption[] };

/** The fields of an attribute that a client can change. */
export interface AttributeSettings {
  label: string;
  description?: string;
  isRequired: boolean;
  /** A deactivated attribute takes no new values until it is activated again. */
  isDeactivated: boolean;
  inputDefinition: InputDefinition;
}

/** The definition of a field that an organization adds to end users or conversations. */
export interface CustomAttribute extends AttributeSettings {
  id: string;
  entityType: EntityType;
  /** Identifier for programs. It is unique within its entity type without regard to case, and never changes. */
  identifier: string;
  /** Archiving is permanent. Existing values are still shown. */
  isArchived: boolean;
  /** ISO 8601 */
  createdAt: string;
  /** ISO 8601; absent until the first change. */
  updatedAt?: string;
}

/** The fields of a new attribute. */
type NewAttribute = Omit<CustomAttribute, 'isDeactivated' | 'isArchived' | 'createdAt' | 'updatedAt'>;

/** A value: a text or, for a Select, the `value`s of the options from the root to a leaf. */
export type AttributeValue = string | string[];
/** The values of an entity, by attribute id. */
export type AttributeValues = Record<string, AttributeValue>;

/** A definition in which each option has an id to use if it is new. */
export type DraftDefinition = { _type: 'Text'; placeholder?: string } | { _type: 'Select'; options: DraftOption[] };

type Draft<T> = Omit<T, 'inputDefinition'> & { inputDefinition: DraftDefinition };

export type CustomAttributeCommand =
  | { type: 'CreateCustomAttribute'; attribute: Draft<NewAttribute> }
  | { type: 'UpdateCustomAttribute'; id: string; changes: Changes<Draft<AttributeSettings>> }
  | { type: 'ArchiveCustomAttribute'; id: string };

export type CustomAttributeEvent =
  | { type: 'CustomAttributeCreated'; data: NewAttribute }
  | { type: 'CustomAttributeUpdated'; data: { id: string; changes: Changes<AttributeSettings> } }
  | { type: 'CustomAttributeArchived'; data: { id: string } };

/** Updates contain only actual changes; one that changes nothing records no event. Archiving twice changes nothing. */
export function decideCustomAttribute(
  command: CustomAttributeCommand,
  attribute: CustomAttribute | undefined,
): CustomAttributeEvent[] | DomainError {
  if (command.type === 'CreateCustomAttribute') {
    const inputDefinition = settled(command.attribute.inputDefinition, undefined);
    if (inputDefinition instanceof DomainError) return inputDefinition;
    return [{ type: 'CustomAttributeCreated', data: { ...command.attribute, inputDefinition } }];
  }
  if (!attribute) return notFound('Custom attribute', command.id);
  switch (command.type) {
    case 'UpdateCustomAttribute':
      return update(attribute, command.changes);
    case 'ArchiveCustomAttribute':
      return attribute.isArchived ? [] : [{ type: 'CustomAttributeArchived', data: { id: attribute.id } }];
  }
}

function update(
  attribute: CustomAttribute,
  { inputDefinition: draft, ...others }: Changes<Draft<AttributeSettings>>,
): CustomAttributeEvent[] | DomainError {
  const { id, inputDefinition: current } = attribute;
  if (attribute.isArchived) return new DomainError('conflict', `Custom attribute ${id} is archived`);
  if (draft && draft._type !== current._type) {
    return new DomainError(
      'conflict',
      `The type of a custom attribute cannot be changed; ${id} has the type ${current._type}`,
    );
  }
  const inputDefinition = draft ? settled(draft, current) : undefined;
  if (inputDefinition instanceof DomainError) return inputDefinition;
  const changes = changesOf<AttributeSettings>(attribute, { ...others, inputDefinition });
  return Object.keys(changes).length === 0 ? [] : [{ type: 'CustomAttributeUpdated', data: { id, changes } }];
}

function settled(draft: DraftDefinition, current: InputDefinition | undefined): InputDefinition | DomainError {
  if (draft._type === 'Text') return draft;
  const { options, faults } = settledOptions(draft.options, current?._type === 'Select' ? current.options : []);
  return faults.length > 0 ? invalidBody(faults) : { _type: 'Select', options };
}

export function evolveCustomAttribute(
  attribute: CustomAttribute | undefined,
  event: CustomAttributeEvent,
  { recordedAt }: Pick<Recording, 'recordedAt'>,
): CustomAttribute | undefined {
  const at = recordedAt.toISOString();
  switch (event.type) {
    case 'CustomAttributeCreated':
      return { ...event.data, isDeactivated: false, isArchived: false, createdAt: at };
    case 'CustomAttributeUpdated':
      return attribute && { ...applyChanges<CustomAttribute>(attribute, event.data.changes), updatedAt: at };
    case 'CustomAttributeArchived':
      return attribute && { ...attribute, isArchived: true, updatedAt: at };
  }
}
