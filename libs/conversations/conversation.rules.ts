import { DomainError } from '#libs/platform/domain-error.js';
import { type AttributeValues } from '#libs/custom-attributes/custom-attribute.rules.js';
import { type Changes } from '#libs/platform/changes.js';
import { type ConversationChannel } from '#libs/platform/channels.js';

export type Direction = 'Inbound' | 'Internal' | 'Outbound';
export type ConversationState = 'AwaitingPending' | 'Closed' | 'Open' | 'Pending';
export type LinkType = 'Related' | 'SideConversation';

/** The content of a message, which is personal data. */
export interface MessageBody {
  content?: { _type: 'Html' | 'Markdown' | 'Text'; value: string };
  attachments: { url: string; prettyName?: string; contentType?: string; size?: number }[];
  /** The e-mail integration that sends or receives the message. */
  integrationEmail?: string;
  /** End users who get a copy. */
  cc?: string[];
  bcc?: string[];
  /** Further data of an imported message. */
  attributes?: Record<string, unknown>;
}

interface MessageFacts {
  /** The requester of an inbound message, the agent of an outbound one. */
  authorId: string;
  direction: Direction;
  /** ISO 8601; not in the future. */
  createdAt: string;
}

/** A message of a conversation. */
export interface Message extends MessageFacts {
  id: string;
  /** The id in another system, unique in the conversation. */
  externalId?: string;
  body: MessageBody;
}

/** The personal data of a conversation; absent once it is anonymized. */
export interface ConversationDetails {
  subject?: string;
  fromEmail?: string;
  toEmail?: string;
  integrationEmail?: string;
  fromNumber?: string;
  toNumber?: string;
  /** The id of an imported conversation in the other system, unique in the organization. */
  externalId?: string;
  /** Further data of an imported conversation. */
  attributes?: Record<string, unknown>;
  browserInfo?: { name: string; version?: string; ipAddress?: string; originatingUrl?: string };
}

/** The first message as `ConversationCreated` has it in conversations from before messages had events of their own. */
export type FirstMessage = Omit<Message, 'body' | 'createdAt'> & MessageBody;

interface Origin {
  id: number;
  /** The end user of the conversation. */
  requesterId: string;
  channel: ConversationChannel;
  direction: Direction;
  /** The name of the channel of an imported conversation in the other system. */
  genericChannel?: string;
  /** The organization's side of the channel: an e-mail integration, a phone number, a widget. */
  contactPoint?: string;
  language?: string;
  /** ISO 8601 */
  createdAt: string;
}

/** A conversation with an end user over one channel. Instants are in ISO 8601. */
export interface Conversation extends Origin {
  details?: ConversationDetails;
  /** The author of the first message. */
  beginnerId?: string;
  /** The number of its messages; absent if it never had one. */
  messageCount?: number;
  /** When the latest of its messages was written. */
  lastMessageAt?: string;
  /** Since when the end user waits for an answer; absent while nobody waits. */
  awaitingReplySince?: string;
  state: ConversationState;
  stateUpdatedAt: string;
  /** The last queue that the conversation was in. */
  queueId?: string;
  /** The time since which it waits in that queue; absent while it does not wait. */
  queuedAt?: string;
  assigneeId?: string;
  assignedAt?: string;
  /** Whether it was ever assigned to an agent. */
  served: boolean;
  /** When it opens again by itself. */
  pendingUntil?: string;
  tagIds: string[];
  /** Its ratings, without comments; absent if it never had one. */
  ratings?: Rating[];
  /** The number of its notes; absent if it never had one. */
  noteCount?: number;
  customAttributes: AttributeValues;
  link?: { parentId: number; linkType: LinkType };
  anonymization?: 'requested' | 'done';
  anonymizedAt?: string;
}

/** Returns whether something that was written at an instant is older than the closing of a closed conversation. */
export function isBeforeClosing({ state, stateUpdatedAt }: Conversation, createdAt: string): boolean {
  return state === 'Closed' && Date.parse(createdAt) < Date.parse(stateUpdatedAt);
}

/** A remark of an agent that end users do not see. */
export interface Note {
  id: string;
  authorId: string;
  /** ISO 8601; not in the future. */
  createdAt: string;
  message: string;
}

export const RATING_TYPES = ['Csat', 'Nps', 'ThumbsUpOrDown'] as const;
export type RatingType = (typeof RATING_TYPES)[number];

/** A rating that was offered to an end user, and the score once it is submitted. Instants are in ISO 8601. */
export interface Rating {
  id: string;
  ratingType: RatingType;
  agentId: string;
  userId: string;
  offeredAt: string;
  score?: number;
  isCommented?: true;
}

/** Maximum number of tags of a conversation, which its state lists. */
export const MAX_TAGS = 200;

/** Maximum number of messages of a conversation. */
export const MAX_MESSAGES = 20_000;

/** Maximum number of notes of a conversation. */
export const MAX_NOTES = 1_000;

export type ConversationCommand =
  | {
      type: 'CreateConversation';
      id: number;
      origin: Omit<Origin, 'id' | 'createdAt'>;
      details: ConversationDetails;
      message?: Message;
      /** The conversation that it follows up. */
      follows?: number;
      /** The queue in which it waits; absent if an agent began it, or if the organization has no default queue. */
      queueId?: string;
      /** The agent who began it. */
      agentId?: string;
    }
  | {
      type: 'ImportConversation';
      id: number;
      origin: Omit<Origin, 'id'>;
      details: ConversationDetails;
      messages: Message[];
      assignment?: { agentId: string; assignedAt: string };
      closing?: { userId?: string; closedAt: string };
      queueId?: string;
    }
  | { type: 'CloseConversation'; id: number; userId?: string }
  | {
      type: 'ReopenConversation';
      id: number;
      /** The queue in which it waits without an agent: its last one, else the default queue, if there is one. */
      queueId?: string;
      /** Whether its agent has been removed. */
      agentIsGone?: boolean;
      userId?: string;
    }
  | {
      type: 'AddMessage';
      id: number;
      message: Message;
      /** Where it waits if the message opens it: see `ReopenConversation`. */
      queueId?: string;
      agentIsGone?: boolean;
    }
  | { type: 'AnonymizeMessage'; id: number; message: StoredMessage; requestId: string }
  | { type: 'ReleaseConversation'; id: number; agentId: string; queueId?: string }
  | { type: 'FollowUpConversation'; id: number; until: string; now: string; userId?: string }
  | { type: 'ExpirePending'; id: number; queueId?: string; agentIsGone?: boolean; now: string }
  | { type: 'ClaimConversation'; id: number; agentId: string; force: boolean }
  | { type: 'TransferConversation'; id: number; queueId: string; userId?: string }
  | { type: 'TagConversation'; id: number; tag: { id: string; name: string; state: 'Active' | 'Inactive' } }
  | { type: 'UntagConversation'; id: number; tagId: string }
  | { type: 'UpdateAttributes'; id: number; values: Changes<AttributeValues> }
  | {
      type: 'AddNotes';
      id: number;
      notes: Note[];
    }
  | { type: 'OfferRating'; id: number; rating: Omit<Rating, 'score' | 'isCommented'> }
  | {
      type: 'SubmitRating';
      id: number;
      ratingId: string;
      result: { type: RatingType; value: number };
      submittedAt: string;
      comment?: string;
      userId?: string;
    }
  | { type: 'LinkConversation'; id: number; parentId: number; linkType: LinkType; ancestorIds: number[] }
  | { type: 'ReplaceEndUser'; id: number; endUserId: string }
  | { type: 'RequestConversationAnonymization'; id: number; requestId: string }
  | { type: 'AnonymizeConversation'; id: number };

/** The content that a message had before it was anonymized. */
export interface RemovedContent {
  wasTextRedacted: boolean;
  numberOfDeletedFiles: number;
}

/** The facts that decide whether a message can be anonymized alone. */
export interface StoredMessage {
  id: string;
  conversationId: number;
  isAnonymized: boolean;
  /** The content that anonymization removes. */
  content: RemovedContent;
  /** Whether it is part of the event that began the conversation, with which it shares a key. */
  isPartOfBeginning: boolean;
}

interface ById {
  id: number;
}

export type ConversationEvent =
  | {
      type: 'ConversationCreated';
      data: Origin & {
        /** The agent who began it. */
        beginnerId?: string;
        details?: ConversationDetails & { message?: FirstMessage };
      };
    }
  | {
      type: 'ConversationMessageAdded';
      data: ById & MessageFacts & { messageId: string; externalId?: string; body?: MessageBody };
    }
  | {
      type: 'ConversationMessageAnonymized';
      data: ById & { messageId: string; requestId: string; removed: RemovedContent };
    }
  | { type: 'ConversationEnqueued'; data: ById & { queueId: string } }
  | {
      type: 'ConversationAssigned';
      data: ById & {
        agentId: string;
        /** The time of the assignment, if it was imported. */
        assignedAt?: string;
        /** Where it was when it was claimed: with an agent, or in a queue. */
        claimedFrom?: { agentId?: string; queueId?: string };
      };
    }
  | { type: 'ConversationUnassigned'; data: ById & { agentId: string } }
  | { type: 'ConversationTransferred'; data: ById & { fromQueueId?: string; toQueueId: string; userId?: string } }
  | { type: 'ConversationOpen'; data: ById & { userId?: string } }
  | { type: 'ConversationPending'; data: ById & { until: string; userId?: string } }
  | { type: 'ConversationPendingExpired'; data: ById }
  | { type: 'ConversationClosed'; data: ById & { userId?: string; /** If imported. */ closedAt?: string } }
  | { type: 'ConversationAbandoned'; data: ById & { queueId: string } }
  | { type: 'ConversationTagAdded'; data: ById & { tagId: string } }
  | { type: 'ConversationTagRemoved'; data: ById & { tagId: string } }
  | { type: 'ConversationCustomAttributeUpdated'; data: ById & { values?: Changes<AttributeValues> } }
  | {
      type: 'ConversationNoteAdded';
      data: ById & { noteId: string; authorId: string; createdAt: string; message?: string };
    }
  | {
      type: 'ConversationRatingOffered';
      data: ById & { ratingId: string; ratingType: RatingType; agentId: string; endUserId: string; offeredAt: string };
    }
  | {
      type: 'ConversationRated';
      data: ById & {
        ratingId: string;
        ratingType: RatingType;
        agentId: string;
        userId: string;
        score: number;
        submittedAt: string;
        comment?: string;
      };
    }
  | { type: 'ConversationLinked'; data: ById & { parentId: number; linkType: LinkType } }
  | { type: 'ConversationEndUserReplaced'; data: ById & { fromEndUserId: string; endUserId: string } }
  | { type: 'ConversationAnonymizationRequested'; data: ById & { requestId: string } }
  | { type: 'ConversationAnonymized'; data: ById };

/** Returns the error of a command that the conversation's state does not allow. */
export function conflict({ id }: Conversation, reason: string): DomainError {
  return new DomainError('conflict', `Conversation ${id} ${reason}`);
}
