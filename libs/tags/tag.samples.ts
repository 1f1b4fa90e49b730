import { samplesOf } from '#libs/testing/projected.js';
import { type TagEvent } from './tag.rules.js';
import { tagStream } from './tag.stream.js';

const id = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const created: TagEvent = { type: 'TagCreated', data: { id, name: 'VIP', color: '#ff8800' } };
const deactivated: TagEvent = { type: 'TagDeactivated', data: { id } };

export const tagSamples = samplesOf(tagStream, id, {
  'a new tag, which is active': {
    given: [created],
    then: { tags: [{ id, name: 'VIP', name_key: 'vip', state: 'Active', version: 1 }] },
  },
  'a deactivated tag': { given: [created, deactivated], then: { tags: [{ state: 'Inactive', version: 2 }] } },
  'a tag that was activated again': {
    given: [created, deactivated, { type: 'TagActivated', data: { id } }],
    then: { tags: [{ state: 'Active', version: 3 }] },
  },
  'no tag that was deleted': { given: [created, { type: 'TagDeleted', data: { id } }], then: {} },
});
