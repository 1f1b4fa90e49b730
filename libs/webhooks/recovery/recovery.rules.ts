import { DomainError, notFound } from '#libs/platform/domain-error.js';

/** Which of a subscription's past events are to be delivered again. */
export interface RecoveryScope {
  /** Events recorded from then on, in ISO 8601, … */
  since: string;
  /** … and before then; absent: before the recovery was requested. */
  until?: string;
  /** Leave out what was delivered. */
  onlyMissing: boolean;
}

/** That events of the past are to be delivered to a subscription, and whether this is done. */
export interface Recovery extends RecoveryScope {
  id: string;
  subscriptionId: string;
  finished: boolean;
}

export type RecoveryCommand =
  | { type: 'RequestRecovery'; id: string; subscriptionId: string; scope: RecoveryScope }
  /** So many events were looked at, and so many of them made deliveries that are due. */
  | { type: 'FinishRecovery'; id: string; examined: number; queued: number };

export type RecoveryEvent =
  | { type: 'WebhookRecoveryRequested'; data: { id: string; subscriptionId: string } & RecoveryScope }
  | { type: 'WebhookRecoveryFinished'; data: { id: string; examined: number; queued: number } };

/** What is finished already leaves no event: the work may come to its end more than once. */
export function decideRecovery(
  command: RecoveryCommand,
  recovery: Recovery | undefined,
): RecoveryEvent[] | DomainError {
  const { id } = command;
  switch (command.type) {
    case 'RequestRecovery': {
      if (recovery) return new DomainError('conflict', `Webhook recovery ${id} exists`);
      const { subscriptionId, scope } = command;
      return [{ type: 'WebhookRecoveryRequested', data: { id, subscriptionId, ...scope } }];
    }
    case 'FinishRecovery': {
      if (!recovery) return notFound('Webhook recovery', id);
      const { examined, queued } = command;
      return recovery.finished ? [] : [{ type: 'WebhookRecoveryFinished', data: { id, examined, queued } }];
    }
  }
}

export function evolveRecovery(recovery: Recovery | undefined, event: RecoveryEvent): Recovery | undefined {
  switch (event.type) {
    case 'WebhookRecoveryRequested':
      return { ...event.data, finished: false };
    case 'WebhookRecoveryFinished':
      return recovery && { ...recovery, finished: true };
  }
}
