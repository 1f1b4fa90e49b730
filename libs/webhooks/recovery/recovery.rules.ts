import { DomainError, notFound } from '#libs/platform/domain-error.js';

/** The past events to deliver to a subscription again. */
export interface RecoveryScope {
  /** Start of the period, inclusive, in ISO 8601. */
  since: string;
  /** End of the period, exclusive; absent: the time of the request. */
  until?: string;
  /** Whether to skip what was delivered. */
  onlyMissing: boolean;
}

/** A request to deliver past events to a subscription, and whether it is finished. */
export interface Recovery extends RecoveryScope {
  id: string;
  subscriptionId: string;
  finished: boolean;
}

export type RecoveryCommand =
  | { type: 'RequestRecovery'; id: string; subscriptionId: string; scope: RecoveryScope }
  /** `examined` events were read, and `queued` deliveries became due. */
  | { type: 'FinishRecovery'; id: string; examined: number; queued: number };

export type RecoveryEvent =
  | { type: 'WebhookRecoveryRequested'; data: { id: string; subscriptionId: string } & RecoveryScope }
  | { type: 'WebhookRecoveryFinished'; data: { id: string; examined: number; queued: number } };

/** Returns no event for a finished recovery: the work may end more than once. */
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
