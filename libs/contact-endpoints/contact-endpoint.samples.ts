import { samplesOf } from '#libs/testing/projected.js';
import { type ContactEndpointEvent } from './contact-endpoint.rules.js';
import { contactEndpointStream } from './contact-endpoint.stream.js';

const id = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const email: ContactEndpointEvent = {
  type: 'ContactEndpointCreated',
  data: { id, _type: 'EmailEndpoint', address: '"support"@acmé.example', name: 'Support' },
};
const telephony: ContactEndpointEvent = {
  type: 'ContactEndpointCreated',
  data: { id, _type: 'TelephonyEndpoint', number: '+4578787878', functionality: ['Sms'] },
};

export const contactEndpointSamples = samplesOf(contactEndpointStream, id, {
  'an e-mail address by its key': {
    given: [email],
    then: {
      contact_endpoints: [
        {
          id,
          type: 'EmailEndpoint',
          address: '"support"@acmé.example',
          address_key: 'support@xn--acm-dma.example',
          version: 1,
        },
      ],
    },
  },
  'a phone number': {
    given: [telephony],
    then: { contact_endpoints: [{ type: 'TelephonyEndpoint', address: '+4578787878', address_key: '+4578787878' }] },
  },
  'an endpoint that was changed': {
    given: [email, { type: 'ContactEndpointUpdated', data: { id, changes: { name: null } } }],
    then: {
      contact_endpoints: [{ version: 2, document: { id, _type: 'EmailEndpoint', address: '"support"@acmé.example' } }],
    },
  },
  'no endpoint that was deleted': { given: [email, { type: 'ContactEndpointDeleted', data: { id } }], then: {} },
});
