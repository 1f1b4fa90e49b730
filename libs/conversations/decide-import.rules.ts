import { type DomainError, invalidBody } from '#libs/platform/domain-error.js';
import { type ConversationCommand, type ConversationEvent } from './conversation.rules.js';
import { faultOfInstant, messageAdded } from './decide-messages.rules.js';

type Import = Extract<ConversationCommand, { type: 'ImportConversation' }>;

/**
 * Returns the events of a conversation that took place elsewhere: when it began, its messages, who had it last, and when it
 * was closed. One that is open and that no agent has waits in the queue that is given.
 */
export function importConversation(command: Import, recordedAt: Date): ConversationEvent[] | DomainError {
  const { id, origin, details, messages, assignment, closing, queueId } = command;
  const fault = faultOfTimes(command, recordedAt);
  if (fault) return fault;
  const waits = !assignment && !closing && queueId !== undefined;
  return [
    {
      type: 'ConversationCreated',
      data: {
        id,
        ...origin,
        ...(assignment && origin.direction === 'Outbound' && { beginnerId: assignment.agentId }),
        details,
      },
    },
    ...messages.map((message) => messageAdded(id, message)),
    ...(assignment ? [{ type: 'ConversationAssigned' as const, data: { id, ...assignment } }] : []),
    ...(waits ? [{ type: 'ConversationEnqueued' as const, data: { id, queueId } }] : []),
    ...(closing ? [{ type: 'ConversationClosed' as const, data: { id, ...closing } }] : []),
  ];
}

function faultOfTimes({ origin, assignment, closing }: Import, recordedAt: Date): DomainError | undefined {
  const { createdAt } = origin;
  const future = faultOfInstant({ createdAt }, recordedAt);
  if (future) return future;
  const times = { 'assignment.assignedAt': assignment?.assignedAt, 'closing.closedAt': closing?.closedAt };
  const faults = Object.entries(times).flatMap(([path, time]) => {
    if (time === undefined) return [];
    if (Date.parse(time) > recordedAt.getTime()) return [{ path, message: 'must not be in the future' }];
    return Date.parse(time) < Date.parse(createdAt) ? [{ path, message: 'must not be before createdAt' }] : [];
  });
  return faults.length > 0 ? invalidBody(faults) : undefined;
}
