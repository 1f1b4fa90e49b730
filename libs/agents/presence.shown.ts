import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '#libs/platform/channels.js';
import {
  CONNECTION_STATUSES,
  type ConnectionStatus,
  type Presence,
  PRESENCE_STATUSES,
  presenceAt,
  type PresenceStatus,
  type PresenceTimeout,
} from './presence.rules.js';

/** The presence as the API shows it. */
export class UserPresence {
  @ApiProperty({ description: 'The agent id.', format: 'uuid', example: EXAMPLE_IDS.agent })
  userId: string;

  @ApiProperty({
    description: 'The instant of this answer.',
    format: 'date-time',
    example: '2026-03-14T09:27:30.000Z',
  })
  requestTime: string;

  @ApiPropertyOptional({
    description: 'The last recorded heartbeat. Absent if there was none.',
    format: 'date-time',
    example: '2026-03-14T09:26:53.589Z',
  })
  lastSeen?: string;

  @ApiPropertyOptional({
    description: 'The presence that the agent last chose. Absent if there is none.',
    enum: PRESENCE_STATUSES,
    example: 'Working',
  })
  presenceStatus?: PresenceStatus;

  @ApiProperty({
    description: 'Whether the agent is connected. Offline, too, after the last heartbeat has timed out.',
    enum: CONNECTION_STATUSES,
    example: 'Online',
  })
  connectionStatus: ConnectionStatus;

  @ApiPropertyOptional({
    description: 'The channels that the agent works on when online.',
    enum: CONVERSATION_CHANNELS,
    isArray: true,
    example: ['Email', 'WidgetChat'],
  })
  activeChannels: ConversationChannel[];
}

/** The columns of {@link PresenceRow} except `agentId`; `agent_presence p` may be on the nullable side of a join. */
export const PRESENCE_COLUMNS = `p.connection_status AS "connectionStatus", p.presence_status AS "presenceStatus",
  p.active_channels AS "activeChannels", p.last_seen AS "lastSeen", p.revision`;

/** A row of {@link PRESENCE_COLUMNS} with the agent's id. The others are `null` if there is no presence. */
export interface PresenceRow {
  agentId: string;
  connectionStatus: ConnectionStatus | null;
  presenceStatus: PresenceStatus | null;
  activeChannels: ConversationChannel[] | null;
  lastSeen: Date | null;
  revision: number | null;
}

/** Returns the presence after the agent's last event; undefined if there is none. */
export function recordedPresence(row: PresenceRow): Presence | undefined {
  const { agentId, connectionStatus, presenceStatus, activeChannels, lastSeen } = row;
  if (!connectionStatus) return undefined;
  return {
    agentId,
    connectionStatus,
    ...(presenceStatus && { presenceStatus }),
    activeChannels: activeChannels ?? [],
    ...(lastSeen && { lastSeen: lastSeen.toISOString() }),
  };
}

/** Returns the presence at this time. An agent without presence is offline. */
export function shownPresence(
  agentId: string,
  recorded: Presence | undefined,
  now: Date,
  timeout: PresenceTimeout,
): UserPresence {
  const offline: Presence = { agentId, connectionStatus: 'Offline', activeChannels: [] };
  const { agentId: userId, ...presence } = presenceAt(recorded ?? offline, { now, timeout });
  return { userId, requestTime: now.toISOString(), ...presence };
}
