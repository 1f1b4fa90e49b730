import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import {
  type AnonymizationEvent,
  type AnonymizationRequest,
  type AnonymizedEntity,
  decideAnonymization,
  evolveAnonymization,
  type AnonymizationCommand,
} from './anonymization.rules.js';

/** A row of the read table of anonymization requests. */
export interface AnonymizationRow {
  organization_id: string;
  id: string;
  entity: AnonymizedEntity;
  target_id: string;
  /** Of a message. */
  conversation_id: number | null;
  initiated_at: Date;
  requested_by: string;
  processed_at: Date | null;
}

const anonymizationProjection: Projection<AnonymizationEvent> = {
  table: 'anonymization_requests',
  apply: (event) => {
    const { organizationId, recordedAt, metadata } = event;
    switch (event.type) {
      case 'AnonymizationRequested': {
        const { id, entity, targetId, conversationId } = event.data;
        return [
          {
            text: `INSERT INTO anonymization_requests (organization_id, id, entity, target_id, initiated_at, requested_by, conversation_id)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)`,
            values: [organizationId, id, entity, targetId, recordedAt, metadata.actorId, conversationId],
          },
        ];
      }
      case 'AnonymizationProcessed':
        return [
          {
            text: 'UPDATE anonymization_requests SET processed_at = $3 WHERE organization_id = $1 AND id = $2',
            values: [organizationId, event.data.id, recordedAt],
          },
        ];
    }
  },
};

export const anonymizationStream: StreamDefinition<
  AnonymizationRequest | undefined,
  AnonymizationEvent,
  AnonymizationCommand
> = {
  category: 'anonymization',
  types: { AnonymizationRequested: true, AnonymizationProcessed: true },
  initialState: undefined,
  shape: 2,
  decide: decideAnonymization,
  evolve: evolveAnonymization,
  projections: [anonymizationProjection],
};
