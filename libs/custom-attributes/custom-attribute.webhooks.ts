import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type WebhookEventType } from '#libs/webhooks/events/event-type.published.js';
import { type SelectOption } from './attribute-options.rules.js';
import { type CustomAttribute, type InputDefinition } from './custom-attribute.rules.js';
import { customAttributeStream } from './custom-attribute.stream.js';

function optionOf(option: SelectOption): object {
  const { id, label, value, isDeactivated, orderIndex, nestedOptions } = option;
  const nested = nestedOptions.map(optionOf);
  return { id, label, value, is_deactivated: isDeactivated, order_index: orderIndex, nested_options: nested };
}

function inputOf(input: InputDefinition) {
  return input._type === 'Text'
    ? { type: 'TEXT', placeholder: input.placeholder ?? null }
    : { type: 'SELECT', options: input.options.map(optionOf) };
}

const example = (archived: boolean) => ({
  custom_attribute: {
    id: EXAMPLE_IDS.contactAttribute,
    entity_type: 'CONTACT',
    identifier: 'customer-tier',
    label: 'Customer tier',
    description: null,
    is_required: false,
    is_deactivated: false,
    is_archived: archived,
    input_definition: {
      type: 'SELECT',
      options: [
        {
          id: EXAMPLE_IDS.option,
          label: 'Gold',
          value: 'gold',
          is_deactivated: false,
          order_index: 0,
          nested_options: [],
        },
      ],
    },
  },
});

const schema = {
  type: 'object',
  required: ['custom_attribute'],
  properties: {
    custom_attribute: {
      type: 'object',
      required: [
        ...['id', 'entity_type', 'identifier', 'label', 'description', 'input_definition'],
        ...['is_required', 'is_deactivated', 'is_archived'],
      ],
      properties: {
        id: { type: 'string', format: 'uuid' },
        entity_type: { enum: ['CONTACT', 'CONVERSATION'] },
        identifier: { type: 'string' },
        label: { type: 'string' },
        description: { type: ['string', 'null'] },
        is_required: { type: 'boolean' },
        is_deactivated: { type: 'boolean' },
        is_archived: { type: 'boolean' },
        input_definition: {
          oneOf: [
            {
              type: 'object',
              required: ['type', 'placeholder'],
              properties: { type: { const: 'TEXT' }, placeholder: { type: ['string', 'null'] } },
              additionalProperties: false,
            },
            {
              type: 'object',
              required: ['type', 'options'],
              properties: { type: { const: 'SELECT' }, options: { $ref: '#/$defs/options' } },
              additionalProperties: false,
            },
          ],
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
  $defs: {
    options: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'label', 'value', 'is_deactivated', 'order_index', 'nested_options'],
        properties: {
          id: { type: 'string', format: 'uuid' },
          label: { type: 'string' },
          value: { type: 'string' },
          is_deactivated: { type: 'boolean' },
          order_index: { type: 'integer' },
          nested_options: { $ref: '#/$defs/options' },
        },
        additionalProperties: false,
      },
    },
  },
};

function customAttributeEvent(description: string, archived = false): WebhookEventType<CustomAttribute> {
  return {
    version: '1',
    description,
    stream: customAttributeStream,
    data: (attribute) => ({
      custom_attribute: {
        id: attribute.id,
        entity_type: attribute.entityType.toUpperCase(),
        identifier: attribute.identifier,
        label: attribute.label,
        description: attribute.description ?? null,
        input_definition: inputOf(attribute.inputDefinition),
        is_required: attribute.isRequired,
        is_deactivated: attribute.isDeactivated,
        is_archived: attribute.isArchived,
      },
    }),
    example: example(archived),
    schema,
  };
}

export const CUSTOM_ATTRIBUTE_EVENTS = {
  CustomAttributeCreated: customAttributeEvent('A custom attribute was created.'),
  CustomAttributeUpdated: customAttributeEvent('The definition of a custom attribute was changed.'),
  CustomAttributeArchived: customAttributeEvent('A custom attribute was archived.', true),
} as const;
