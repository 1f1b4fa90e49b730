import { samplesOf } from '#libs/testing/projected.js';
import { type RecoveryEvent } from './recovery.rules.js';
import { recoveryStream } from './recovery.stream.js';

const id = '01980f73-4d5e-7f60-9172-839405162738';
const subscriptionId = '01980f61-fb0c-7e13-8d5e-2b3c4d5e6f70';
const scope = { since: '2026-03-13T00:00:00.000Z', until: '2026-03-14T00:00:00.000Z', onlyMissing: true };
const requested: RecoveryEvent = { type: 'WebhookRecoveryRequested', data: { id, subscriptionId, ...scope } };

export const recoverySamples = samplesOf(recoveryStream, id, {
  'a running recovery': {
    given: [requested],
    then: {
      webhook_recoveries: [
        {
          id,
          subscription_id: subscriptionId,
          until: '2026-03-14T00:00:00+00:00',
          only_missing: true,
          finished_at: null,
        },
      ],
    },
  },
  'the time of the request as the end of an open period': {
    given: [{ type: 'WebhookRecoveryRequested', data: { id, subscriptionId, since: scope.since, onlyMissing: false } }],
    then: { webhook_recoveries: [{ until: expect.any(String) as unknown, only_missing: false }] },
  },
  'a recovery that has finished': {
    given: [requested, { type: 'WebhookRecoveryFinished', data: { id, examined: 10, queued: 2 } }],
    then: { webhook_recoveries: [{ id, finished_at: expect.any(String) as unknown }] },
  },
});
