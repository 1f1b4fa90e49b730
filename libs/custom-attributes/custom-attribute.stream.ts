import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import {
  type CustomAttribute,
  type CustomAttributeCommand,
  type CustomAttributeEvent,
  decideCustomAttribute,
  evolveCustomAttribute,
} from './custom-attribute.rules.js';

/** Makes identifiers unique, including those of archived attributes, whose values are still shown under them. */
export const IDENTIFIER_INDEX = 'custom_attributes_identifier';

export const customAttributeStream: StreamDefinition<
  CustomAttribute | undefined,
  CustomAttributeEvent,
  CustomAttributeCommand
> = {
  category: 'customAttribute',
  types: { CustomAttributeCreated: true, CustomAttributeUpdated: true, CustomAttributeArchived: true },
  initialState: undefined,
  shape: 1,
  creates: 'CreateCustomAttribute',
  decide: decideCustomAttribute,
  evolve: evolveCustomAttribute,
  row: {
    table: 'custom_attributes',
    shown: (attribute) => attribute,
    columns: {
      entity_type: { of: ({ entityType }) => entityType, constant: true },
      identifier: { of: ({ identifier }) => identifier, constant: true },
      label: { of: ({ label }) => label },
      is_deactivated: { of: ({ isDeactivated }) => isDeactivated },
      is_archived: { of: ({ isArchived }) => isArchived },
      input_definition: { of: ({ inputDefinition }) => inputDefinition },
      created_at: { of: ({ createdAt }) => createdAt, constant: true },
    },
  },
};
