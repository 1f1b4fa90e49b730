import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { given } from '#libs/testing/given.js';
import { decideRecovery, evolveRecovery, type RecoveryEvent } from './recovery.rules.js';

const id = '01980f72-3c4d-7e5f-8a6b-7c8d9e0f1a2b';
const subscriptionId = '01980f61-4a2b-7e13-8c5d-2b3c4d5e6f70';
const scope = { since: '2026-03-13T00:00:00.000Z', until: '2026-03-14T00:00:00.000Z', onlyMissing: true };
const requested: RecoveryEvent = { type: 'WebhookRecoveryRequested', data: { id, subscriptionId, ...scope } };
const finished: RecoveryEvent = { type: 'WebhookRecoveryFinished', data: { id, examined: 40, queued: 2 } };
const recovery = given({ decide: decideRecovery, evolve: evolveRecovery, initialState: undefined });

describe('A webhook recovery', () => {
  it('is requested once', () => {
    const command = { type: 'RequestRecovery', id, subscriptionId, scope } as const;
    recovery().when(command).then([requested]);
    recovery(requested)
      .when(command)
      .then(new DomainError('conflict', `Webhook recovery ${id} exists`));
  });

  it('finishes once, however often its work comes to an end', () => {
    const command = { type: 'FinishRecovery', id, examined: 40, queued: 2 } as const;
    recovery().when(command).then(notFound('Webhook recovery', id));
    recovery(requested).when(command).then([finished]);
    recovery(requested, finished)
      .when({ ...command, examined: 41 })
      .then([]);
  });
});
