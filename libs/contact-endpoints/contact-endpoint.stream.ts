import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import {
  addressOf,
  type ContactEndpoint,
  type ContactEndpointCommand,
  type ContactEndpointEvent,
  decideContactEndpoint,
  endpointKey,
  evolveContactEndpoint,
} from './contact-endpoint.rules.js';
import { shownEndpoint } from './contact-endpoint.shown.js';

/** Makes addresses and numbers unique, also among concurrent creations. */
export const ENDPOINT_ADDRESS_INDEX = 'contact_endpoints_address';

export const contactEndpointStream: StreamDefinition<
  ContactEndpoint | undefined,
  ContactEndpointEvent,
  ContactEndpointCommand
> = {
  category: 'contactEndpoint',
  types: { ContactEndpointCreated: true, ContactEndpointUpdated: true, ContactEndpointDeleted: true },
  initialState: undefined,
  shape: 1,
  creates: 'CreateContactEndpoint',
  decide: decideContactEndpoint,
  evolve: evolveContactEndpoint,
  row: {
    table: 'contact_endpoints',
    shown: shownEndpoint,
    columns: {
      type: { of: ({ _type }) => _type, constant: true },
      address: { of: addressOf, constant: true },
      address_key: { of: (endpoint) => endpointKey(endpoint._type, addressOf(endpoint)).key, constant: true },
    },
  },
};
