import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type WebhookEventType } from '#libs/webhooks/events/event-type.published.js';
import { addressOf, type ContactEndpoint, type EndpointSettings } from './contact-endpoint.rules.js';
import { contactEndpointStream } from './contact-endpoint.stream.js';

const schema = {
  type: 'object',
  required: ['contact_endpoint'],
  properties: {
    contact_endpoint: {
      type: 'object',
      required: ['id', 'type', 'name', 'sender_override', 'functionality'],
      properties: {
        id: { type: 'string' },
        type: { enum: ['EmailEndpoint', 'TelephonyEndpoint'] },
        name: { type: ['string', 'null'] },
        sender_override: { type: ['string', 'null'] },
        functionality: { type: 'array', items: { type: 'string' } },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
};

function shown(endpoint: ContactEndpoint) {
  const { name, senderOverride, functionality }: EndpointSettings = endpoint;
  return {
    id: addressOf(endpoint),
    type: endpoint._type,
    name: name ?? null,
    sender_override: senderOverride ?? null,
    functionality: functionality ?? [],
  };
}

const EXAMPLE: ContactEndpoint = {
  id: EXAMPLE_IDS.contactEndpoint,
  _type: 'EmailEndpoint',
  address: 'support@acme.example',
  name: 'Support',
};

function endpointEvent(description: string): WebhookEventType<ContactEndpoint> {
  return {
    version: '1',
    description,
    stream: contactEndpointStream,
    data: (endpoint) => ({ contact_endpoint: shown(endpoint) }),
    example: { contact_endpoint: shown(EXAMPLE) },
    schema,
  };
}

export const CONTACT_ENDPOINT_EVENTS = {
  ContactEndpointCreated: endpointEvent('A contact endpoint was created.'),
  ContactEndpointUpdated: endpointEvent('Fields of a contact endpoint were changed.'),
  ContactEndpointDeleted: endpointEvent('A contact endpoint was deleted. It is shown as it was before.'),
} as const;
