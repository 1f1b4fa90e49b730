import { EventStore1764000000000 } from '#migrations/1764000000000-event-store.js';
import { Organizations1764000000001 } from '#migrations/1764000000001-organizations.js';
import { Tags1764000000002 } from '#migrations/1764000000002-tags.js';
import { Webhooks1764000000003 } from '#migrations/1764000000003-webhooks.js';
import { PersonalData1764000000004 } from '#migrations/1764000000004-personal-data.js';
import { DefaultRegion1764000000005 } from '#migrations/1764000000005-default-region.js';
import { CustomAttributes1764000000006 } from '#migrations/1764000000006-custom-attributes.js';
import { EndUsers1764000000007 } from '#migrations/1764000000007-end-users.js';
import { Agents1764000000008 } from '#migrations/1764000000008-agents.js';
import { Teams1764000000009 } from '#migrations/1764000000009-teams.js';
import { Queues1764000000010 } from '#migrations/1764000000010-queues.js';
import { Conversations1764000000011 } from '#migrations/1764000000011-conversations.js';
import { Anonymization1764000000012 } from '#migrations/1764000000012-anonymization.js';
import { WebhookEngine1764000000013 } from '#migrations/1764000000013-webhook-engine.js';
import { TokenScopes1764000000014 } from '#migrations/1764000000014-token-scopes.js';
import { Tokens1764000000015 } from '#migrations/1764000000015-tokens.js';
import { IdempotencyKeys1764000000016 } from '#migrations/1764000000016-idempotency-keys.js';
import { EventFeed1764000000018 } from '#migrations/1764000000018-event-feed.js';
import { SearchAndMerge1764000000019 } from '#migrations/1764000000019-search-and-merge.js';
import { TextKeys1764000000020 } from '#migrations/1764000000020-text-keys.js';
import { SearchKeys1764000000021 } from '#migrations/1764000000021-search-keys.js';
import { BoundedScans1764000000022 } from '#migrations/1764000000022-bounded-scans.js';
import { WebhookCancellations1764000000023 } from '#migrations/1764000000023-webhook-cancellations.js';
import { TokenStreams1764000000024 } from '#migrations/1764000000024-token-streams.js';
import { EntityRows1764000000025 } from '#migrations/1764000000025-entity-rows.js';
import { TokenExpiry1764000000026 } from '#migrations/1764000000026-token-expiry.js';
import { Partitions1764000000027 } from '#migrations/1764000000027-partitions.js';
import { PagesOfPartitions1764000000028 } from '#migrations/1764000000028-pages-of-partitions.js';
import { ConversationNotes1764000000029 } from '#migrations/1764000000029-conversation-notes.js';
import { ConversationMessages1764000000030 } from '#migrations/1764000000030-conversation-messages.js';
import { ContactEndpoints1764000000031 } from '#migrations/1764000000031-contact-endpoints.js';
import { ConversationLists1764000000032 } from '#migrations/1764000000032-conversation-lists.js';
import { ConversationRatings1764000000033 } from '#migrations/1764000000033-conversation-ratings.js';
import { ActivityLog1764000000034 } from '#migrations/1764000000034-activity-log.js';
import { ConversationSearch1764000000035 } from '#migrations/1764000000035-conversation-search.js';
import { DeliveriesOfOrganization1764000000037 } from '#migrations/1764000000037-deliveries-of-organization.js';
import { ImportedConversations1764000000036 } from '#migrations/1764000000036-imported-conversations.js';
import { FailingReceivers1764000000038 } from '#migrations/1764000000038-failing-receivers.js';
import { MessageTraces1764000000039 } from '#migrations/1764000000039-message-traces.js';
import { RelayPosition1764000000040 } from '#migrations/1764000000040-relay-position.js';

/**
 * The oldest version that works on the tables that these migrations make: `migrate` writes it beside what it applies. A
 * version that contracts the schema raises it.
 */
export const OLDEST_VERSION = '0.1.0';

/** All migrations, oldest first. */
export const MIGRATIONS = [
  EventStore1764000000000,
  Organizations1764000000001,
  Tags1764000000002,
  Webhooks1764000000003,
  PersonalData1764000000004,
  DefaultRegion1764000000005,
  CustomAttributes1764000000006,
  EndUsers1764000000007,
  Agents1764000000008,
  Teams1764000000009,
  Queues1764000000010,
  Conversations1764000000011,
  Anonymization1764000000012,
  WebhookEngine1764000000013,
  TokenScopes1764000000014,
  Tokens1764000000015,
  IdempotencyKeys1764000000016,
  EventFeed1764000000018,
  SearchAndMerge1764000000019,
  TextKeys1764000000020,
  SearchKeys1764000000021,
  TokenStreams1764000000024,
  WebhookCancellations1764000000023,
  BoundedScans1764000000022,
  EntityRows1764000000025,
  TokenExpiry1764000000026,
  Partitions1764000000027,
  PagesOfPartitions1764000000028,
  ConversationNotes1764000000029,
  ConversationMessages1764000000030,
  ContactEndpoints1764000000031,
  ConversationLists1764000000032,
  ConversationRatings1764000000033,
  ActivityLog1764000000034,
  ConversationSearch1764000000035,
  ImportedConversations1764000000036,
  DeliveriesOfOrganization1764000000037,
  FailingReceivers1764000000038,
  MessageTraces1764000000039,
  RelayPosition1764000000040,
];
