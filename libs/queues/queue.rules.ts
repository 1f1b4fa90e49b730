import { applyChanges, type Changes, changesOf } from '#libs/platform/changes.js';
import { type ConversationChannel } from '#libs/platform/channels.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';

export const OFFER_ALGORITHMS = [
  'AgentPriorityAllAtOnce',
  'AgentPriorityLongestIdle',
  'AgentPriorityOneAtATimeRandom',
  'AllAtOnce',
  'LongestIdle',
  'OneAtATimeRandom',
] as const;

export type OfferAlgorithm = (typeof OFFER_ALGORITHMS)[number];

export type QueueThreshold =
  'AvailableAgents' | 'LongestWait' | 'SlaPercentage' | 'SlaTimeLimit' | 'WaitingConversations';

/** Whole numbers by key. */
export type NumberMap<Key extends string> = Partial<Record<Key, number>>;

/** The settings of a queue that a client can change. Timeouts are in seconds. */
export interface QueueSettings {
  name: string;
  /** At most one queue of an organization is the default. `QueueWriter` takes this from the previous one. */
  isDefault: boolean;
  callFunctionality: boolean;
  isDoNotOfferEnabled: boolean;
  queueThresholds: NumberMap<QueueThreshold>;
  doNotOfferTimeouts: NumberMap<ConversationChannel>;
  offerTimeout?: number;
  offerAlgorithm?: OfferAlgorithm;
  wrapupTimeout?: number;
  priority?: number;
  offerAbandonedConversations?: boolean;
  preferredAgentTimeouts?: NumberMap<ConversationChannel>;
  isPreferredAgentEnabled?: boolean;
  preferredAgentOfflineTimeout?: number;
  personalAgentOfflineTimeout?: number;
  isRestricted?: boolean;
}

/** A queue, in which conversations wait for one of its members; without the members. */
export interface Queue {
  id: string;
  settings: QueueSettings;
}

type Required = 'name' | 'isDefault' | 'callFunctionality' | 'isDoNotOfferEnabled';

/** The settings of a new queue as a client sends them: `null` is no value. */
export type QueueInput = Pick<QueueSettings, Required> & Changes<Omit<QueueSettings, Required>>;

export type QueueCommand =
  | { type: 'CreateQueue'; id: string; settings: QueueInput }
  | { type: 'UpdateQueue'; id: string; changes: Changes<QueueSettings> }
  | { type: 'DeleteQueue'; id: string }
  | {
      type: 'AssignQueueMembers' | 'RemoveQueueMembers';
      id: string;
      agentIds: string[];
      /** Those agents that are members. They are not part of the state, since there may be many. */
      members: string[];
      /** Those ids that are not agents. */
      missing: string[];
    };

export type QueueEvent =
  | { type: 'QueueCreated'; data: { id: string } & QueueSettings }
  | { type: 'QueueUpdated'; data: { id: string; changes: Changes<QueueSettings> } }
  | { type: 'QueueDeleted'; data: { id: string } }
  | { type: 'QueueMembersAssigned'; data: { id: string; agentIds: string[] } }
  | { type: 'QueueMembersRemoved'; data: { id: string; agentIds: string[] } };

/** Setting the same values, assigning members and removing agents that are not members change nothing. */
export function decideQueue(command: QueueCommand, queue: Queue | undefined): QueueEvent[] | DomainError {
  const { id } = command;
  if (command.type === 'CreateQueue') {
    if (queue) return new DomainError('conflict', `Queue ${id} exists`);
    const empty = { id, queueThresholds: {}, doNotOfferTimeouts: {} };
    const data = applyChanges<object>(empty, normalized(command.settings)) as { id: string } & QueueSettings;
    return [{ type: 'QueueCreated', data }];
  }
  if (!queue) return notFound('Queue', id);
  switch (command.type) {
    case 'UpdateQueue': {
      const changes = changesOf<QueueSettings>(queue.settings, normalized(command.changes));
      return Object.keys(changes).length === 0 ? [] : [{ type: 'QueueUpdated', data: { id, changes } }];
    }
    case 'DeleteQueue':
      if (queue.settings.isDefault)
        return new DomainError('conflict', `Queue ${id} is the default queue; make another queue the default first`);
      return [{ type: 'QueueDeleted', data: { id } }];
    case 'AssignQueueMembers': {
      const agentIds = command.agentIds.filter((agentId) => !command.members.includes(agentId));
      return agentIds.length === 0 ? [] : [{ type: 'QueueMembersAssigned', data: { id, agentIds } }];
    }
    case 'RemoveQueueMembers': {
      const [nobody] = command.missing;
      if (nobody !== undefined) return notFound('Agent', nobody);
      const agentIds = command.agentIds.filter((agentId) => command.members.includes(agentId));
      return agentIds.length === 0 ? [] : [{ type: 'QueueMembersRemoved', data: { id, agentIds } }];
    }
  }
}

export function evolveQueue(queue: Queue | undefined, event: QueueEvent): Queue | undefined {
  if (event.type === 'QueueCreated') {
    const { id, ...settings } = event.data;
    return { id, settings };
  }
  if (!queue) return undefined;
  switch (event.type) {
    case 'QueueUpdated':
      return { ...queue, settings: applyChanges<QueueSettings>(queue.settings, event.data.changes) };
    case 'QueueDeleted':
      return undefined;
    case 'QueueMembersAssigned':
    case 'QueueMembersRemoved':
      return queue;
  }
}

/** Returns the settings with trimmed names. The two maps that every queue has become empty instead of absent. */
function normalized({ name, queueThresholds, doNotOfferTimeouts, ...others }: Changes<QueueSettings>) {
  return {
    ...others,
    ...(typeof name === 'string' && { name: name.trim() }),
    ...(queueThresholds !== undefined && { queueThresholds: queueThresholds ?? {} }),
    ...(doNotOfferTimeouts !== undefined && { doNotOfferTimeouts: doNotOfferTimeouts ?? {} }),
  };
}
