import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import {
  decideRecovery,
  evolveRecovery,
  type RecoveryCommand,
  type Recovery,
  type RecoveryEvent,
} from './recovery.rules.js';

/** A row of the read table of recoveries. */
export interface RecoveryRow {
  organization_id: string;
  id: string;
  subscription_id: string;
  since: Date;
  /** The time of the request, unless the request sets another. */
  until: Date;
  only_missing: boolean;
  requested_at: Date;
  requested_by: string;
  finished_at: Date | null;
}

const recoveryProjection: Projection<RecoveryEvent> = {
  table: 'webhook_recoveries',
  apply: (event) => {
    const { organizationId, recordedAt, metadata } = event;
    switch (event.type) {
      case 'WebhookRecoveryRequested': {
        const { id, subscriptionId, since, until, onlyMissing } = event.data;
        return [
          {
            text: `INSERT INTO webhook_recoveries (organization_id, id, subscription_id, since, until, only_missing,
                     requested_at, requested_by)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
            values: [
              ...[organizationId, id, subscriptionId, since, until ?? recordedAt, onlyMissing],
              ...[recordedAt, metadata.actorId],
            ],
          },
        ];
      }
      case 'WebhookRecoveryFinished':
        return [
          {
            text: 'UPDATE webhook_recoveries SET finished_at = $3 WHERE organization_id = $1 AND id = $2',
            values: [organizationId, event.data.id, recordedAt],
          },
        ];
    }
  },
};

export const recoveryStream: StreamDefinition<Recovery | undefined, RecoveryEvent, RecoveryCommand> = {
  category: 'webhookRecovery',
  types: { WebhookRecoveryRequested: true, WebhookRecoveryFinished: true },
  initialState: undefined,
  shape: 1,
  creates: 'RequestRecovery',
  decide: decideRecovery,
  evolve: evolveRecovery,
  projections: [recoveryProjection],
};
