import { type Resource } from '#libs/resources/resource.js';
import { customAttributeStream } from './custom-attribute.stream.js';
import { CUSTOM_ATTRIBUTE_EVENTS } from './custom-attribute.webhooks.js';

export const customAttributesResource = {
  path: 'custom-attributes',
  group: {
    name: 'Custom Attributes',
    description: 'Fields that the organization defines for its end users and conversations.',
  },
  streams: [customAttributeStream],
  entity: { name: 'Custom attribute', id: 'customAttributeId', stream: customAttributeStream },
  webhookEvents: CUSTOM_ATTRIBUTE_EVENTS,
} as const satisfies Resource;
