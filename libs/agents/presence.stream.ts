import { type Statement } from '#libs/database/batch.js';
import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import {
  decidePresence,
  evolvePresence,
  type PresenceCommand,
  type Presence,
  type PresenceEvent,
} from './presence.rules.js';

/** Returns the id of an agent's stream of one hour, in UTC. Presence changes often, and streams should stay short. */
export function presenceStreamId(agentId: string, now: Date): string {
  return `${agentId}.${now.toISOString().slice(0, 'yyyy-mm-ddThh'.length)}`;
}

/**
 * A guard: the row has this revision. An agent's streams of two hours share no version, so this detects a conflict
 * between two writers at the turn of the hour. See `EventStore.commit`.
 */
export function presenceIsAt(organizationId: string, agentId: string, revision: number): Statement {
  return {
    text: `SELECT guard(EXISTS (
             SELECT FROM agent_presence WHERE organization_id = $1 AND agent_id = $2 AND revision = $3))`,
    values: [organizationId, agentId, revision],
  };
}

const presenceProjection: Projection<PresenceEvent> = {
  table: 'agent_presence',
  apply: (event) => {
    const { organizationId } = event;
    switch (event.type) {
      case 'AgentPresenceChanged': {
        const { agentId, connectionStatus, presenceStatus, activeChannels, lastSeen } = event.data;
        return [
          {
            text: `INSERT INTO agent_presence
                     (organization_id, agent_id, connection_status, presence_status, active_channels, last_seen, revision)
                   VALUES ($1, $2, $3, $4, $5, $6, 1)
                   ON CONFLICT (organization_id, agent_id) DO UPDATE SET
                     connection_status = excluded.connection_status, presence_status = excluded.presence_status,
                     active_channels = excluded.active_channels, last_seen = excluded.last_seen,
                     revision = agent_presence.revision + 1`,
            values: [organizationId, agentId, connectionStatus, presenceStatus, activeChannels, lastSeen],
          },
        ];
      }
      case 'AgentSeen':
        return [
          {
            text: `UPDATE agent_presence SET last_seen = $3, revision = revision + 1
                   WHERE organization_id = $1 AND agent_id = $2`,
            values: [organizationId, event.data.agentId, event.data.lastSeen],
          },
        ];
    }
  },
};

export const presenceStream: StreamDefinition<Presence | undefined, PresenceEvent, PresenceCommand> = {
  category: 'agentPresence',
  types: { AgentPresenceChanged: true, AgentSeen: true },
  initialState: undefined,
  shape: 1,
  decide: decidePresence,
  evolve: evolvePresence,
  projections: [presenceProjection],
};
