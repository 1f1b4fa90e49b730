import { FILTER_FIELDS, type FilterField } from '../events/filters.rules.js';

/** An event of the public API that can be subscribed to, although it is not produced yet. */
export interface PlannedEventType {
  description: string;
  /** Fields that its filters can use once it is produced. */
  filterFields: readonly FilterField[];
}

const aboutConversation = (description: string): PlannedEventType => ({ description, filterFields: FILTER_FIELDS });
const withoutFilters = (description: string): PlannedEventType => ({ description, filterFields: [] });

/** Events that clients can subscribe to before they are produced. Move a name to its file when it is. */
export const PLANNED_EVENTS = {
  AgentBannedEnduser: withoutFilters('An agent banned an end user.'),
  AgentBannedIp: withoutFilters('An agent banned an IP address.'),
  AgentUnbannedEnduser: withoutFilters('An agent lifted the ban of an end user.'),
  AgentUnbannedIp: withoutFilters('An agent lifted the ban of an IP address.'),
  ConversationMessageDeliveryDelivered: aboutConversation('A message reached its recipient.'),
  ConversationMessageDeliveryFailed: aboutConversation('A message could not be delivered.'),
  ConversationMessageDeliveryInfo: aboutConversation('The delivery of a message made progress.'),
  ConversationMessageDeliverySeen: aboutConversation('The recipient has seen a message.'),
  ConversationMessageDeliverySent: aboutConversation('A message was sent.'),
  ConversationMessageDeliverySpamComplaint: aboutConversation('The recipient reported a message as spam.'),
  SLAEvaluationAchieved: aboutConversation('A conversation met a service level.'),
  SLAEvaluationBreached: aboutConversation('A conversation missed a service level.'),
  SLAEvaluationPending: aboutConversation('A service level started for a conversation.'),
  SLAEvaluationVoided: aboutConversation('A service level ended for a conversation.'),
  TypingStarted: aboutConversation('Somebody began to type in a conversation.'),
} as const satisfies Record<string, PlannedEventType>;
