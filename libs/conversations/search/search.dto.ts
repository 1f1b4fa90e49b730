import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { pageOutput } from '#libs/http/endpoint.js';
import { Choice, Flag, QueryFlag, Text } from '#libs/http/fields.js';
import { Nested, NestedList, Union } from '#libs/http/nested-fields.js';
import { pageQuery } from '#libs/http/paging.js';
import { type SearchCondition, type SearchFilters } from './search-conditions.js';
import { SEARCH_FIELDS } from './search-fields.dto.js';
import { faultOfWords, MAX_WORDS } from './words.js';

const MAX_CONDITIONS = 20;
/** Highlights are made of the texts of each hit, which may be long. */
const PAGE = { usual: 20, max: 100 };

const WORDS = {
  description: `The words to search for, at most ${MAX_WORDS}. All of them must be in one text, each as a word or as the beginning of one.`,
  example: 'order arrived',
  fault: faultOfWords,
};
const EXACT = {
  description: 'Whether the words must follow each other as they are, as a phrase. Default: false.',
  example: false,
  optional: true,
};

export class SearchQuery extends pageQuery(PAGE) {
  @Text(WORDS)
  query: string;

  @QueryFlag(EXACT)
  exactMatch?: boolean;
}

export class SearchWithFiltersQuery extends pageQuery(PAGE) {}

export class SearchWords {
  @Text(WORDS)
  value: string;

  @Flag(EXACT)
  exactMatch?: boolean;
}

const FIELD = { _type: 'Status', operator: { _type: 'IsOneOf', values: ['open'] } };

@ApiExtraModels(...Object.values(SEARCH_FIELDS))
class SearchConditionInput implements SearchCondition {
  @Union(SEARCH_FIELDS, { description: 'The field with its operator.', example: FIELD })
  field: SearchCondition['field'];
}

class SearchFiltersInput implements SearchFilters {
  @Choice({
    description: 'Whether all conditions must hold, or any of them.',
    example: 'All',
    values: ['All', 'Any'],
  })
  strategy: 'All' | 'Any';

  @NestedList(() => SearchConditionInput, {
    description: 'The conditions. Without any, all conversations match.',
    example: [{ field: FIELD }],
    maxItems: MAX_CONDITIONS,
    optional: true,
  })
  conditions?: SearchConditionInput[];
}

export class SearchParametersInput {
  @Nested(() => SearchWords, {
    description: 'The words to search for.',
    example: { value: 'order arrived', exactMatch: false },
    optional: true,
  })
  query?: SearchWords;

  @Nested(() => SearchFiltersInput, {
    description: 'Conditions on the conversations.',
    example: { strategy: 'All', conditions: [{ field: FIELD }] },
    optional: true,
  })
  filters?: SearchFiltersInput;
}

const HIT_ID = {
  description: 'The conversation number.',
  type: 'integer',
  format: 'int64',
  example: EXAMPLE_IDS.conversation,
} as const;
const FRAGMENT = 'My <em>order</em> has not <em>arrived</em>.';

class ConversationSearchWithFiltersHit {
  @ApiProperty(HIT_ID)
  id: number;

  @ApiProperty({
    description:
      'Excerpts of the texts that match, as HTML with the matches in `<em>`, by the place of the match: `messages`, `notes`, `subject` or `requester`. Of messages and notes, the latest three. Empty without words to search for.',
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    example: { messages: [FRAGMENT] },
  })
  highlights: Record<string, string[]>;
}

class ConversationSearchInnerHit {
  @ApiProperty({
    description: 'The id of the message or note.',
    format: 'uuid',
    example: EXAMPLE_IDS.message,
  })
  id: string;

  @ApiProperty({
    description: 'The excerpt, under `message` or `note`.',
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { message: FRAGMENT },
  })
  highlight: Record<string, string>;
}

/** A conversation that was found. */
export class ConversationSearchHit extends ConversationSearchWithFiltersHit {
  @ApiPropertyOptional({
    description: 'The messages and notes of the excerpts. Absent if none matches.',
    type: [ConversationSearchInnerHit],
  })
  innerHits?: ConversationSearchInnerHit[];
}

export const SearchOutput = pageOutput('SearchOutput', ConversationSearchHit);
export const SearchConversationsWithFiltersOutput = pageOutput(
  'SearchConversationsWithFiltersOutput',
  ConversationSearchWithFiltersHit,
);
