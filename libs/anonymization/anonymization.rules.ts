import { DomainError, notFound } from '#libs/platform/domain-error.js';

export type AnonymizedEntity = 'User' | 'Conversation' | 'Message';

/** A request to remove a person's data for good, and whether it has been processed. */
export interface AnonymizationRequest {
  id: string;
  entity: AnonymizedEntity;
  /** The end user's or message's id, or the conversation's number. */
  targetId: string;
  /** The conversation of the message. */
  conversationId?: number;
  processed: boolean;
}

type Request = Omit<AnonymizationRequest, 'processed'>;

export type AnonymizationCommand =
  { type: 'RequestAnonymization'; id: string; request: Request } | { type: 'FinishAnonymization'; id: string };

export type AnonymizationEvent =
  { type: 'AnonymizationRequested'; data: Request } | { type: 'AnonymizationProcessed'; data: { id: string } };

/** Finishing a finished request records no event, since processing may complete more than once. */
export function decideAnonymization(
  command: AnonymizationCommand,
  request: AnonymizationRequest | undefined,
): AnonymizationEvent[] | DomainError {
  const { id } = command;
  switch (command.type) {
    case 'RequestAnonymization': {
      if (request) return new DomainError('conflict', `Anonymization request ${id} exists`);
      return [{ type: 'AnonymizationRequested', data: command.request }];
    }
    case 'FinishAnonymization':
      if (!request) return notFound('Anonymization request', id);
      return request.processed ? [] : [{ type: 'AnonymizationProcessed', data: { id } }];
  }
}

export function evolveAnonymization(
  request: AnonymizationRequest | undefined,
  event: AnonymizationEvent,
): AnonymizationRequest | undefined {
  switch (event.type) {
    case 'AnonymizationRequested':
      return { ...event.data, processed: false };
    case 'AnonymizationProcessed':
      return request && { ...request, processed: true };
  }
}
