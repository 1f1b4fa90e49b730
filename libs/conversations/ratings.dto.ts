import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { dataOutput, listOutput, named } from '#libs/http/endpoint.js';
import { Choice, Text, Uuid, Whole } from '#libs/http/fields.js';
import { Instant } from '#libs/http/instant-fields.js';
import { Union, unionSchema, Variant } from '#libs/http/nested-fields.js';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '#libs/platform/channels.js';
import { RATING_TYPES, type RatingType } from './conversation.rules.js';
import { SCORES } from './decide-ratings.rules.js';

const AGENT_ID = { description: 'The id of the agent who is rated.', example: EXAMPLE_IDS.agent };
const USER_ID = { description: 'The id of the end user.', example: EXAMPLE_IDS.endUser };
const RATING_ID = {
  description: 'The rating id.',
  format: 'uuid',
  example: EXAMPLE_IDS.rating,
};
const TYPE = { description: 'The type of the rating.', example: 'Csat' };
const OFFERED_AT = { description: 'When the rating was offered', example: '2026-03-14T10:05:00.000Z' };
const SUBMITTED_AT = { description: 'When the end user rated', example: '2026-03-14T10:07:12.000Z' };
const COMMENT = { description: 'The comment of the end user.', example: 'That was quick!' };
const DEFAULT_NOW = 'Default: now. Must not be in the future.';
const STATUSES = ['Unscheduled', 'Offered', 'Rated', 'Scheduled', 'Cancelled'] as const;

export class CreateRatingOfferInput {
  @Uuid(AGENT_ID)
  agentId: string;

  @Uuid({ ...USER_ID, description: 'The id of the end user of the conversation.' })
  userId: string;

  @Choice({ ...TYPE, values: [...RATING_TYPES] })
  ratingType: RatingType;

  @Instant({ ...OFFERED_AT, description: `${OFFERED_AT.description}. ${DEFAULT_NOW}`, optional: true, nullable: true })
  offeredAt?: string | null;
}

/** Returns the schema of a score of one type. */
function score(type: RatingType, description: string) {
  const [min, max] = SCORES[type];
  class Score {
    @Variant(type, description)
    _type: RatingType;

    @Whole({ description: `The score, from ${min} to ${max}.`, example: max, min, max })
    value: number;
  }
  return named(type, Score);
}

const RESULTS = {
  Csat: score('Csat', 'How satisfied the end user is.'),
  Nps: score('Nps', 'How likely the end user is to recommend the organization.'),
  ThumbsUpOrDown: score('ThumbsUpOrDown', '1 for thumbs up, 0 for thumbs down.'),
};
const RESULT = { description: 'The score, of the type that was offered.', example: { _type: 'Csat', value: 5 } };
export interface SubmittedRatingResult {
  _type: RatingType;
  value: number;
}

@ApiExtraModels(...Object.values(RESULTS))
export class CreateRatingResultInput {
  @Union(RESULTS, RESULT)
  ratingResult: SubmittedRatingResult;

  @Text({ ...COMMENT, max: 10_000, controls: true, optional: true, nullable: true })
  comment?: string | null;

  @Instant({
    ...SUBMITTED_AT,
    description: `${SUBMITTED_AT.description}. ${DEFAULT_NOW} Must not be before the offer.`,
    optional: true,
    nullable: true,
  })
  submittedAt?: string | null;

  @Uuid({ ...USER_ID, optional: true, nullable: true })
  userId?: string | null;
}

export class RatingOffer {
  @ApiProperty(RATING_ID)
  id: string;

  @ApiProperty({ ...AGENT_ID, format: 'uuid' })
  agentId: string;

  @ApiProperty({ ...USER_ID, format: 'uuid' })
  userId: string;

  @ApiProperty({ ...TYPE, enum: RATING_TYPES })
  ratingType: RatingType;

  @ApiPropertyOptional({ ...OFFERED_AT, description: `${OFFERED_AT.description}.`, format: 'date-time' })
  offeredAt?: string;
}

@ApiExtraModels(...Object.values(RESULTS))
export class RatingResult {
  @ApiProperty(RATING_ID)
  ratingId: string;

  @ApiProperty({ ...RESULT, ...unionSchema(RESULTS) })
  ratingResult: SubmittedRatingResult;

  @ApiPropertyOptional(COMMENT)
  comment?: string;

  @ApiPropertyOptional({ ...SUBMITTED_AT, description: `${SUBMITTED_AT.description}.`, format: 'date-time' })
  submittedAt?: string;

  @ApiPropertyOptional({ ...USER_ID, format: 'uuid' })
  userId?: string;
}

export class ConversationRating {
  @ApiProperty(RATING_ID)
  id: string;

  @ApiPropertyOptional({ ...AGENT_ID, format: 'uuid' })
  agentId?: string;

  @ApiProperty({ ...USER_ID, format: 'uuid' })
  userId: string;

  @ApiProperty({ description: 'The channel of the conversation.', enum: CONVERSATION_CHANNELS, example: 'Email' })
  conversationChannel: ConversationChannel;

  @ApiPropertyOptional({ description: 'The language of the conversation, as a BCP 47 tag.', example: 'en' })
  language?: string;

  @ApiProperty({ ...TYPE, enum: RATING_TYPES })
  ratingType: RatingType;

  @ApiProperty({ description: '`Offered` until the end user has rated.', enum: STATUSES, example: 'Rated' })
  ratingStatus: (typeof STATUSES)[number];

  @ApiPropertyOptional({
    description: 'The score. Absent until the end user has rated.',
    type: 'integer',
    format: 'int32',
    example: 5,
  })
  ratingScore?: number;

  @ApiPropertyOptional(COMMENT)
  ratingComment?: string;

  @ApiProperty({
    description: 'When the rating entered each status, by status.',
    type: 'object',
    additionalProperties: { type: 'string', format: 'date-time' },
    example: { Offered: OFFERED_AT.example, Rated: SUBMITTED_AT.example },
  })
  timestamps: Record<string, string>;
}

export const CreateRatingOfferOutput = dataOutput('CreateRatingOfferOutput', RatingOffer);
export const CreateRatingResultOutput = dataOutput('CreateRatingResultOutput', RatingResult);
export const ListConversationRatingsOutput = listOutput('ListConversationRatingsOutput', ConversationRating);
