import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { pageOutput } from '#libs/http/endpoint.js';
import { unionSchema } from '#libs/http/nested-fields.js';
import { QueryInstant } from '#libs/http/instant-fields.js';
import { pageQuery } from '#libs/http/paging.js';
import { ACTIVITY_ATTRIBUTES, ActivityLogUser } from './activity-attributes.dto.js';

/** All types of entries of the public API. The server makes those of `activity.shown.ts`. */
export const ACTIVITIES = [
  ...['ConversationAssigned', 'ConversationAutoreplySent', 'ConversationChannelChanged', 'ConversationClaimed'],
  ...['ConversationClosed', 'ConversationCreatedByAgent', 'ConversationCreatedByCustomer'],
  ...['ConversationCustomAttributesUpdated', 'ConversationEndUserReplaced', 'ConversationLanguageUpdated'],
  ...['ConversationLinkedFromChild', 'ConversationLinkedToParent', 'ConversationMessageRedacted'],
  ...['ConversationOfferAccepted', 'ConversationOfferRejected', 'ConversationOfferTimeout', 'ConversationOffered'],
  ...['ConversationPending', 'ConversationRated', 'ConversationRatingCancelled', 'ConversationRatingNotOffered'],
  ...['ConversationRatingOffered', 'ConversationRatingScheduled', 'ConversationRatingUnscheduled'],
  ...['ConversationReopened', 'ConversationReserved', 'ConversationResolvedStateToggled'],
  ...['ConversationTranscriptionEnded', 'ConversationTranscriptionStarted', 'ConversationUnassigned'],
  ...['ConversationUnlinkedFromChild', 'ConversationUnlinkedToParent', 'FollowupAdded', 'FollowupExpired'],
  ...['FollowupRemoved', 'MessageAddedByAgent', 'MessageAddedByCustomer', 'NoteAdded', 'TagAdded', 'TagRemoved'],
  ...['TransferFailed', 'TransferInitiated', 'TransferSuccessful'],
];

/** Types of entries that the older field has no name for. */
const UNKNOWN_BEFORE = new Set([
  ...['ConversationChannelChanged', 'ConversationCustomAttributesUpdated', 'ConversationLinkedFromChild'],
  ...['ConversationLinkedToParent', 'ConversationMessageRedacted', 'ConversationRatingNotOffered'],
  ...['ConversationResolvedStateToggled', 'ConversationUnlinkedFromChild', 'ConversationUnlinkedToParent'],
]);

/** Returns the name of a type of entry in the older field. */
export function olderActivityType(type: string): string {
  if (type === 'ConversationReserved') return 'ConversationReservedType';
  return UNKNOWN_BEFORE.has(type) ? 'UnknownActivityType' : `${type}ActivityType`;
}

@ApiExtraModels(...Object.values(ACTIVITY_ATTRIBUTES))
export class ActivityLogEntry {
  @ApiProperty({
    description: 'The id, which is that of the event.',
    format: 'uuid',
    example: EXAMPLE_IDS.event,
  })
  id: string;

  @ApiProperty({ description: 'What happened.', enum: ACTIVITIES, example: 'NoteAdded' })
  _type: string;

  @ApiProperty({
    description: 'The number of the conversation.',
    type: 'integer',
    format: 'int32',
    example: EXAMPLE_IDS.conversation,
  })
  conversationId: number;

  @ApiProperty({ description: 'When it was recorded.', format: 'date-time', example: '2026-03-14T09:26:53.589Z' })
  activityTimestamp: string;

  @ApiProperty({
    description: 'What happened, as an older field names it.',
    enum: [...new Set(ACTIVITIES.map(olderActivityType))].sort(),
    example: 'NoteAddedActivityType',
  })
  activityType: string;

  @ApiPropertyOptional({
    description: 'More about what happened. Removed personal data is absent.',
    ...unionSchema(ACTIVITY_ATTRIBUTES),
    example: { _type: 'NoteAddedAttribute', message: 'The customer called, too.' },
  })
  attributes?: object;

  @ApiPropertyOptional({
    description: 'The agent or end user who did it. Absent if it happened by itself.',
    type: ActivityLogUser,
  })
  author?: ActivityLogUser;
}

const PAGES = { usual: 1_000, max: 10_000 };

export class ActivityLogQuery extends pageQuery(PAGES) {}

export class OrganizationActivityLogQuery extends pageQuery(PAGES) {
  @QueryInstant({
    description: 'Only entries that were recorded at this time or later.',
    example: '2026-03-14T00:00:00Z',
    optional: true,
  })
  fromDatetime?: string;

  @QueryInstant({
    description: 'Only entries that were recorded before this time.',
    example: '2026-03-15T00:00:00Z',
    optional: true,
  })
  toDatetime?: string;
}

export const GetActivityLogOutput = pageOutput('GetActivityLogOutput', ActivityLogEntry);
export const ListActivityLogOutput = pageOutput('ListActivityLogOutput', ActivityLogEntry);
