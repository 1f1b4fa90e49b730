import { samplesOf } from '#libs/testing/projected.js';
import { type OrganizationEvent } from './organization.rules.js';
import { organizationStream } from './organization.stream.js';

const id = '01980f5b-60f0-7a91-95d3-8fb0c1d2e3f4';
const tokenId = '01980f72-3c4d-7e5f-8061-728394051627';
const created: OrganizationEvent = { type: 'OrganizationCreated', data: { id, name: 'Acme' } };

export const organizationSamples = samplesOf(organizationStream, id, {
  'a new organization': { given: [created], then: { organizations: [{ name: 'Acme', default_region: null }] } },
  'the default region': {
    given: [created, { type: 'DefaultRegionSet', data: { region: 'DK' } }],
    then: { organizations: [{ name: 'Acme', default_region: 'DK' }] },
  },
  'what an end user’s message in a closed conversation does': {
    given: [created, { type: 'RepliesToClosedSet', data: { replies: 'FollowUp' } }],
    then: { organizations: [{ name: 'Acme', replies_to_closed: 'FollowUp' }] },
  },
  'nothing of tokens that were issued before tokens had streams of their own': {
    given: [
      created,
      {
        type: 'ApiTokenIssued',
        data: { tokenId, name: 'CRM', actorId: id, tokenHash: 'a'.repeat(64), scopes: ['admin'] },
      },
      {
        type: 'ApiTokenRotated',
        data: { tokenId, tokenHash: 'b'.repeat(64), previousUntil: '2026-03-15T00:00:00.000Z' },
      },
      { type: 'ApiTokenRevoked', data: { tokenId } },
    ],
    then: { organizations: [{ name: 'Acme' }] },
  },
});
