import { samplesOf } from '#libs/testing/projected.js';
import { type AnonymizationEvent } from './anonymization.rules.js';
import { anonymizationStream } from './anonymization.stream.js';

const id = '01980f71-2b3c-7d4e-9f50-617283940516';
const requested: AnonymizationEvent = {
  type: 'AnonymizationRequested',
  data: { id, entity: 'Conversation', targetId: '1042' },
};

export const anonymizationSamples = samplesOf(anonymizationStream, id, {
  'an open request': {
    given: [requested],
    then: { anonymization_requests: [{ id, entity: 'Conversation', target_id: '1042', processed_at: null }] },
  },
  'a request that was processed': {
    given: [requested, { type: 'AnonymizationProcessed', data: { id } }],
    then: { anonymization_requests: [{ id, processed_at: expect.any(String) as unknown }] },
  },
});
