import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { given } from '#libs/testing/given.js';
import { type AnonymizationEvent, decideAnonymization, evolveAnonymization } from './anonymization.rules.js';

const id = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const requested = {
  type: 'AnonymizationRequested',
  data: { id, entity: 'Conversation', targetId: '1042' },
} as const satisfies AnonymizationEvent;
const processed: AnonymizationEvent = { type: 'AnonymizationProcessed', data: { id } };
const request = given({ decide: decideAnonymization, evolve: evolveAnonymization, initialState: undefined });

describe('An anonymization request', () => {
  it('is made once', () => {
    const command = { type: 'RequestAnonymization', id, request: requested.data } as const;
    request().when(command).then([requested]);
    request(requested)
      .when(command)
      .then(new DomainError('conflict', `Anonymization request ${id} exists`));
  });

  it('is processed once, however often its processing comes to an end', () => {
    request(requested).when({ type: 'FinishAnonymization', id }).then([processed]);
    request(requested, processed).when({ type: 'FinishAnonymization', id }).then([]);
    request().when({ type: 'FinishAnonymization', id }).then(notFound('Anonymization request', id));
  });
});
