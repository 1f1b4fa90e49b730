import { dataOutput } from '#libs/http/endpoint.js';
import { Choice, Choices, Flag } from '#libs/http/fields.js';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '#libs/platform/channels.js';
import {
  CHANNEL_GROUPS,
  type ChannelGroup,
  CONNECTION_STATUSES,
  type ConnectionStatus,
  PRESENCE_STATUSES,
  type PresenceStatus,
} from './presence.rules.js';
import { UserPresence } from './presence.shown.js';

export class UpdateAgentPresenceInput {
  @Choice({ description: 'Whether the agent is connected.', values: CONNECTION_STATUSES, example: 'Online' })
  connectionStatus: ConnectionStatus;

  @Choice({
    description: 'The presence that the agent has chosen. If it is not sent, it stays.',
    values: PRESENCE_STATUSES,
    example: 'Working',
    optional: true,
  })
  presenceStatus?: PresenceStatus;

  @Choices({
    description: 'The channels that the agent works on when online. If they are not sent, they stay.',
    values: CONVERSATION_CHANNELS,
    example: ['Email', 'WidgetChat'],
    optional: true,
  })
  activeChannels?: ConversationChannel[];
}

const GROUPS = Object.entries(CHANNEL_GROUPS).map(([group, channels]) => `${group}: ${channels.join(', ')}`);

export class UpdateAgentPresenceChannelInput {
  @Choice({
    description: `A group of channels. ${GROUPS.join('; ')}.`,
    values: Object.keys(CHANNEL_GROUPS),
    example: 'Messaging',
  })
  channel: ChannelGroup;

  @Flag({ description: 'Whether the agent works on the channels of the group.', example: true })
  working: boolean;
}

export const UserPresenceOutput = dataOutput('UserPresenceOutput', UserPresence);
