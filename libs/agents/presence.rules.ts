import { isDeepStrictEqual } from 'node:util';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '#libs/platform/channels.js';

export const CONNECTION_STATUSES = ['Offline', 'Online'] as const;
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number];
export const PRESENCE_STATUSES = ['Away', 'Working'] as const;
export type PresenceStatus = (typeof PRESENCE_STATUSES)[number];

/** Channels that agents switch on and off together. */
export const CHANNEL_GROUPS = {
  Email: ['Email', 'ContactForm'],
  InteractiveChat: ['WidgetChat', 'Messenger'],
  Messaging: ['Sms', 'WhatsApp', 'FacebookMessenger', 'Twitter'],
  Speak: ['PstnPhone', 'Callback', 'Voicemail'],
} as const satisfies Record<string, readonly ConversationChannel[]>;
export type ChannelGroup = keyof typeof CHANNEL_GROUPS;

/** An agent's connection and availability. The agent's choices outlast being offline. */
export interface Presence {
  agentId: string;
  connectionStatus: ConnectionStatus;
  presenceStatus?: PresenceStatus;
  /** In the order of {@link CONVERSATION_CHANNELS}. */
  activeChannels: ConversationChannel[];
  /** When the agent's last heartbeat was recorded. */
  lastSeen?: string;
}

/** How long an agent counts as online without a heartbeat. */
export class PresenceTimeout {
  constructor(readonly seconds: number) {}
}

/** Two heartbeats closer than this fraction of the timeout count as one. */
const HEARTBEATS_PER_TIMEOUT = 4;

/** The time and the timeout of a decision. */
interface Clock {
  now: Date;
  timeout: PresenceTimeout;
}

export type PresenceCommand = { agentId: string } & Clock &
  (
    | ({ type: 'UpdatePresence' } & Pick<Presence, 'connectionStatus'> &
        Partial<Pick<Presence, 'presenceStatus' | 'activeChannels'>>)
    | { type: 'UpdateWorkingChannel'; channel: ChannelGroup; working: boolean }
    | { type: 'ExpirePresence' }
  );

export type PresenceEvent =
  /** Holds the whole presence, because it may be the first event of its stream. */
  | { type: 'AgentPresenceChanged'; data: Presence }
  /** A heartbeat that changed nothing else. */
  | { type: 'AgentSeen'; data: { agentId: string; lastSeen: string } };

/** Returns the presence at this time: offline if the last heartbeat is too long ago. */
export function presenceAt(presence: Presence, { now, timeout }: Clock): Presence {
  const { connectionStatus, lastSeen } = presence;
  const over = lastSeen === undefined || now.getTime() - Date.parse(lastSeen) >= timeout.seconds * 1000;
  return connectionStatus === 'Online' && over ? { ...presence, connectionStatus: 'Offline' } : presence;
}

/**
 * An update is a heartbeat; fields that it leaves out stay.
 * @param recorded the presence after the last event, before any timeout
 */
export function decidePresence(command: PresenceCommand, recorded: Presence | undefined): PresenceEvent[] {
  const { agentId } = command;
  const before = recorded ?? { agentId, connectionStatus: 'Offline', activeChannels: [] };
  const next = presenceAfter(command, presenceAt(before, command));
  const { lastSeen, ...rest } = next;
  const { lastSeen: seenBefore, ...restBefore } = before;
  if (!isDeepStrictEqual(rest, restBefore)) return [{ type: 'AgentPresenceChanged', data: next }];
  if (lastSeen === undefined || lastSeen === seenBefore) return [];
  const sinceSeen = Date.parse(lastSeen) - (seenBefore === undefined ? 0 : Date.parse(seenBefore));
  const countsAsOne = sinceSeen < (command.timeout.seconds * 1000) / HEARTBEATS_PER_TIMEOUT;
  return countsAsOne ? [] : [{ type: 'AgentSeen', data: { agentId, lastSeen } }];
}

function presenceAfter(command: PresenceCommand, presence: Presence): Presence {
  const { presenceStatus, activeChannels, lastSeen } = presence;
  switch (command.type) {
    case 'UpdatePresence': {
      const now = command.now.toISOString();
      const status = command.presenceStatus ?? presenceStatus;
      return {
        agentId: command.agentId,
        connectionStatus: command.connectionStatus,
        ...(status && { presenceStatus: status }),
        activeChannels: inOrder(command.activeChannels ?? activeChannels),
        // The clocks of several servers may differ.
        lastSeen: lastSeen !== undefined && lastSeen > now ? lastSeen : now,
      };
    }
    case 'UpdateWorkingChannel': {
      const group: readonly ConversationChannel[] = CHANNEL_GROUPS[command.channel];
      const others = activeChannels.filter((channel) => !group.includes(channel));
      return { ...presence, activeChannels: inOrder(command.working ? [...others, ...group] : others) };
    }
    case 'ExpirePresence':
      return presence;
  }
}

function inOrder(channels: ConversationChannel[]): ConversationChannel[] {
  return CONVERSATION_CHANNELS.filter((channel) => channels.includes(channel));
}

export function evolvePresence(presence: Presence | undefined, event: PresenceEvent): Presence | undefined {
  switch (event.type) {
    case 'AgentPresenceChanged':
      return event.data;
    case 'AgentSeen':
      return presence && { ...presence, lastSeen: event.data.lastSeen };
  }
}
