import { type AttributeValues } from '#libs/custom-attributes/custom-attribute.rules.js';
import { type RecordedEvent, type RecordedOf } from '#libs/event-store/event.js';
import { type Changes } from '#libs/platform/changes.js';
import {
  type References,
  type ReferencedEntities,
  type UserPayload,
} from '#libs/webhooks/events/referenced-entities.published.js';
import { olderActivityType, type ActivityLogEntry } from './activity-log.dto.js';
import { type ActivityLogUser } from './activity-attributes.dto.js';
import { type ConversationEvent } from './conversation.rules.js';

type DataOf<Type extends ConversationEvent['type']> = Extract<ConversationEvent, { type: Type }>['data'];

/** How the log shows one type of event. */
interface Activity<Type extends ConversationEvent['type']> {
  type: string | ((data: DataOf<Type>) => string);
  /** Returns the attributes: the `_type` without `Attribute`, and the fields. */
  attributes?: (data: DataOf<Type>, related: ReferencedEntities) => [name: string, fields: object];
  references?: (data: DataOf<Type>) => References;
}

const tagged = <Type extends 'ConversationTagAdded' | 'ConversationTagRemoved'>(name: string): Activity<Type> => ({
  type: name,
  attributes: ({ tagId }, related) => [name, { tag: related.tagName(tagId) }],
  references: ({ tagId }) => ({ tagIds: [tagId] }),
});

/** The events that the log shows. Others are steps of these, or irrelevant to its readers. */
const ACTIVITIES: { [Type in ConversationEvent['type']]?: Activity<Type> } = {
  ConversationCreated: {
    type: ({ direction }) => (direction === 'Inbound' ? 'ConversationCreatedByCustomer' : 'ConversationCreatedByAgent'),
    attributes: ({ details }) => ['ConversationCreated', given({ subject: details?.subject })],
  },
  ConversationMessageAdded: {
    type: ({ direction }) => (direction === 'Inbound' ? 'MessageAddedByCustomer' : 'MessageAddedByAgent'),
    attributes: ({ messageId, body }) => ['MessageAdded', given({ messageId, fromEndpoint: body?.integrationEmail })],
  },
  ConversationMessageAnonymized: {
    type: 'ConversationMessageRedacted',
    attributes: ({ messageId, removed }) => ['MessageRedacted', { messageId, ...removed }],
  },
  ConversationAssigned: {
    type: ({ claimedFrom }) => (claimedFrom ? 'ConversationClaimed' : 'ConversationAssigned'),
    attributes: ({ agentId, claimedFrom: from }, related) => {
      if (!from) return ['ConversationAssigned', given({ agentId, agentName: related.agent(agentId).name })];
      const [claimedFromType, { name }] = from.agentId
        ? (['Agent', related.agent(from.agentId)] as const)
        : (['Queue', related.queue(from.queueId as string)] as const);
      return ['ConversationClaimed', given({ claimedFromType, claimedFromLabel: name })];
    },
    references: ({ agentId, claimedFrom }) => ({
      agentIds: [agentId, ...(claimedFrom?.agentId ? [claimedFrom.agentId] : [])],
      queueIds: claimedFrom?.queueId ? [claimedFrom.queueId] : [],
    }),
  },
  ConversationUnassigned: {
    type: 'ConversationUnassigned',
    attributes: ({ agentId }, related) => ['ConversationUnassigned', { agent: userOf(related.agent(agentId)) }],
    references: ({ agentId }) => ({ agentIds: [agentId] }),
  },
  ConversationTransferred: {
    type: 'TransferSuccessful',
    attributes: ({ toQueueId: destinationId }, related) => [
      'ConversationTransferred',
      given({
        destinationId,
        destinationLabel: related.queue(destinationId).name,
        destinationType: 'Queue',
        transferType: 'Cold',
      }),
    ],
    references: ({ toQueueId }) => ({ queueIds: [toQueueId] }),
  },
  ConversationOpen: { type: 'ConversationReopened' },
  ConversationPending: { type: 'FollowupAdded' },
  ConversationPendingExpired: { type: 'FollowupExpired' },
  ConversationClosed: { type: 'ConversationClosed' },
  ConversationTagAdded: tagged('TagAdded'),
  ConversationTagRemoved: tagged('TagRemoved'),
  ConversationCustomAttributeUpdated: {
    type: 'ConversationCustomAttributesUpdated',
    attributes: ({ values = {} }) => [
      'ConversationCustomAttributesUpdated',
      { updatedAttributeIds: Object.keys(values), updatedAttributeValues: valuesOf(values) },
    ],
  },
  ConversationNoteAdded: {
    type: 'NoteAdded',
    attributes: ({ message = '' }) => ['NoteAdded', { message }],
  },
  ConversationRatingOffered: {
    type: 'ConversationRatingOffered',
    attributes: ({ agentId, endUserId }, related) => [
      'ConversationRatingOffered',
      { agent: userOf(related.agent(agentId)), user: userOf(related.endUser(endUserId)) },
    ],
    references: ({ agentId, endUserId }) => ({ agentIds: [agentId], endUserIds: [endUserId] }),
  },
  ConversationRated: {
    type: 'ConversationRated',
    attributes: ({ agentId, score, comment }, related) => [
      'ConversationRated',
      given({ agent: userOf(related.agent(agentId)), score, message: comment }),
    ],
    references: ({ agentId }) => ({ agentIds: [agentId] }),
  },
  ConversationLinked: {
    type: 'ConversationLinkedToParent',
    attributes: ({ id: child, parentId: parent, linkType }) => ['ConversationLinked', { parent, child, linkType }],
  },
  ConversationEndUserReplaced: {
    type: 'ConversationEndUserReplaced',
    attributes: ({ fromEndUserId, endUserId }, related) => [
      'ConversationEndUserReplaced',
      { oldUser: userOf(related.endUser(fromEndUserId)), newUser: userOf(related.endUser(endUserId)) },
    ],
    references: ({ fromEndUserId, endUserId }) => ({ endUserIds: [fromEndUserId, endUserId] }),
  },
};

/** The types of the events that the log shows. */
export const SHOWN_EVENTS = Object.keys(ACTIVITIES);

/** Returns the entities whose names an entry shows. */
export function referencesOf(event: RecordedEvent): References {
  const { endUserIds = [], agentIds = [], ...others } = activityOf(event).references?.(event.data as never) ?? {};
  const author = authorIdOf(event);
  const authors = author === undefined ? [] : [author];
  return { ...others, endUserIds: [...endUserIds, ...authors], agentIds: [...agentIds, ...authors] };
}

/** Returns an event as the log shows it. */
export function shownActivity(event: RecordedEvent, related: ReferencedEntities): ActivityLogEntry {
  const { type, attributes } = activityOf(event);
  const { data, eventId, recordedAt } = event as RecordedOf<ConversationEvent>;
  const _type = typeof type === 'string' ? type : type(data);
  const [name, fields] = attributes?.(data, related) ?? [];
  const author = authorOf(event, related);
  return {
    id: eventId,
    _type,
    conversationId: data.id,
    activityTimestamp: recordedAt.toISOString(),
    activityType: olderActivityType(_type),
    ...(name && { attributes: { _type: `${name}Attribute`, ...fields } }),
    ...(author && { author }),
  };
}

function activityOf({ type }: RecordedEvent): Activity<ConversationEvent['type']> {
  return ACTIVITIES[type as ConversationEvent['type']] as Activity<ConversationEvent['type']>;
}

/** Returns the id of the user that an event names as its author, else the agent on whose behalf a token acts. */
function authorIdOf({ type, data, metadata }: RecordedEvent): string | undefined {
  const { authorId, userId, agentId } = data as { authorId?: string; userId?: string; agentId?: string };
  const named = authorId ?? userId ?? (type === 'ConversationAssigned' ? agentId : undefined);
  const beginner = type === 'ConversationCreated' ? beginnerOf(data as DataOf<'ConversationCreated'>) : undefined;
  return beginner ?? named ?? (metadata.requestId ? metadata.actorId : undefined);
}

function beginnerOf({ direction, requesterId, beginnerId, details }: DataOf<'ConversationCreated'>) {
  return direction === 'Inbound' ? requesterId : (beginnerId ?? details?.message?.authorId);
}

/** A token may act for an actor that is not a user. */
function authorOf(event: RecordedEvent, related: ReferencedEntities): ActivityLogUser | undefined {
  const id = authorIdOf(event);
  if (id === undefined) return undefined;
  const known = related.knownUser(id);
  if (known) return userOf(known);
  return id === event.metadata.actorId ? undefined : { id };
}

function userOf({ id, name, email, phone }: UserPayload): ActivityLogUser {
  return given({ id, name, email, phoneNumber: phone }) as ActivityLogUser;
}

/** Returns an object without the fields that are absent or `null`. */
function given(fields: Record<string, unknown>): object {
  return Object.fromEntries<unknown>(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

function valuesOf(values: Changes<AttributeValues>): Record<string, string> {
  const textOf = (value: string | string[] | null | undefined) =>
    Array.isArray(value) ? value.join(' / ') : (value ?? '');
  return Object.fromEntries(Object.entries(values).map(([id, value]): [string, string] => [id, textOf(value)]));
}
