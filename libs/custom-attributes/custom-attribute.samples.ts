import { samplesOf } from '#libs/testing/projected.js';
import { type CustomAttributeEvent } from './custom-attribute.rules.js';
import { customAttributeStream } from './custom-attribute.stream.js';

const id = '01980f6a-5c1d-7a10-9b2c-3d4e5f607182';
const created: CustomAttributeEvent = {
  type: 'CustomAttributeCreated',
  data: {
    id,
    entityType: 'Contact',
    identifier: 'plan',
    label: 'Plan',
    isRequired: false,
    inputDefinition: { _type: 'Text' },
  },
};

export const customAttributeSamples = samplesOf(customAttributeStream, id, {
  'a new attribute': {
    given: [created],
    then: {
      custom_attributes: [
        { id, entity_type: 'Contact', identifier: 'plan', label: 'Plan', is_deactivated: false, is_archived: false },
      ],
    },
  },
  'an attribute whose settings were changed': {
    given: [
      created,
      { type: 'CustomAttributeUpdated', data: { id, changes: { label: 'Tariff', isDeactivated: true } } },
    ],
    then: { custom_attributes: [{ label: 'Tariff', is_deactivated: true, input_definition: { _type: 'Text' } }] },
  },
  'an archived attribute': {
    given: [created, { type: 'CustomAttributeArchived', data: { id } }],
    then: { custom_attributes: [{ is_archived: true, identifier: 'plan' }] },
  },
});
