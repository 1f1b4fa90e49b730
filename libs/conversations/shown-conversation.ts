import { type ConversationChannel } from '#libs/platform/channels.js';
import { type ConversationOutput } from './conversation-outputs.dto.js';
import { type ConversationRow } from './conversation.projection.js';

/** What a conversation of each channel is in the API. Email has addresses always: without, it cannot be created. */
const TYPES: Record<ConversationChannel, ConversationOutput['_type']> = {
  Callback: 'PstnPhoneConversation',
  ContactForm: 'ContactFormConversation',
  Email: 'EmailConversation',
  FacebookMessenger: 'FacebookMessengerConversation',
  Messenger: 'MessengerConversation',
  PstnPhone: 'PstnPhoneConversation',
  Sms: 'SmsConversation',
  Twitter: 'TwitterConversation',
  Voicemail: 'PstnPhoneConversation',
  WhatsApp: 'WhatsAppConversation',
  WidgetChat: 'ChatConversation',
};

const COLUMNS = [
  'id',
  'requester_id',
  'channel',
  'direction',
  'state',
  'state_updated_at',
  'created_at',
  'assignee_id',
  'assigned_at',
  'queue_id',
  'queued_at',
  'parent_id',
  'link_type',
  'language',
  'details',
  'anonymized_at',
] as const;

/** The part of a row that {@link shownConversation} needs. */
export const SHOWN_COLUMNS = COLUMNS.join(', ');
export type ShownRow = Pick<ConversationRow, (typeof COLUMNS)[number]>;

/** A conversation as lists show it: without its custom attributes. */
export function shownConversation(row: ShownRow): ConversationOutput {
  const { id, requester_id, channel, direction, state } = row;
  const common = {
    id,
    requesterId: requester_id,
    channel,
    createdAt: row.created_at.toISOString(),
    direction,
    state,
    stateUpdatedAt: row.state_updated_at.toISOString(),
    ...linkOf(row),
  };
  if (row.anonymized_at) {
    return { _type: 'AnonymizedConversation', ...common, anonymizedAt: row.anonymized_at.toISOString() };
  }
  return { _type: TYPES[channel], ...common, ...serviceOf(row), ...detailsOf(row) };
}

function linkOf({ parent_id, link_type }: ShownRow) {
  if (parent_id === null) return {};
  const type = link_type === 'SideConversation' ? 'SideConversation' : 'FollowUp';
  return { link: { _type: type, parentId: parent_id } as const };
}

function serviceOf({ assignee_id, assigned_at, queue_id, queued_at }: ShownRow) {
  const assignment = { agentId: assignee_id, assignedAt: assigned_at?.toISOString() };
  const queue = { id: queue_id, ...(queued_at && { queuedAt: queued_at.toISOString() }) };
  return { ...(assignee_id && { assignment }), ...(queue_id && { queue }) };
}

function detailsOf({ details, language, channel }: ShownRow) {
  const speaks = language !== null && TYPES[channel] !== 'SmsConversation';
  return { ...(speaks && { language }), ...details };
}
