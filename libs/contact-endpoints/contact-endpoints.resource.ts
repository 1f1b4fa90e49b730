import { type Resource } from '#libs/resources/resource.js';
import { contactEndpointStream } from './contact-endpoint.stream.js';
import { CONTACT_ENDPOINT_EVENTS } from './contact-endpoint.webhooks.js';

/** Without histories: these need a UUID, but the API identifies contact endpoints by address or number. */
export const contactEndpointsResource = {
  path: 'contact-endpoints',
  group: {
    name: 'Contact Endpoints',
    description: 'The e-mail addresses and phone numbers by which an organization is reached.',
  },
  streams: [contactEndpointStream],
  webhookEvents: CONTACT_ENDPOINT_EVENTS,
} as const satisfies Resource;
