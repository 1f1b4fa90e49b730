import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type Type } from '@nestjs/common';
import { ApiExtraModels } from '@nestjs/swagger';
import { named } from '#libs/http/endpoint.js';
import { Uuid } from '#libs/http/fields.js';
import { Union, Variant } from '#libs/http/nested-fields.js';
import { CHANNELS, DIRECTIONS, type Operator, STATUSES } from './search-conditions.js';
import * as operators from './search-operators.dto.js';

type Operators = Record<string, Type>;

/** Returns the class of a field with its operators. */
function field(type: string, description: string, variants: Operators, example: object): Type {
  @ApiExtraModels(...Object.values(variants))
  class Field {
    @Variant(type, description)
    _type: string;

    @Union(variants, { description: 'The operator.', example })
    operator: Operator;
  }
  return named(`${type}Field`, Field);
}

const ID = EXAMPLE_IDS.tag;
const ONE = { _type: 'IsOneOf', values: [ID] };
const SINCE = { _type: 'Since', timestamp: '2026-03-01T00:00:00Z' };

const id = (type: string, description: string, variants: Operators) => field(type, description, variants, ONE);
const instant = (type: string, description: string) => field(type, description, operators.HAS_INSTANT, SINCE);
const name = (type: string, description: string, values: object, example: string) =>
  field(type, description, operators.HAS_NAME(type, Object.keys(values), example), {
    _type: 'IsOneOf',
    values: [example],
  });

@ApiExtraModels(...Object.values(operators.MAY_HAVE_PATH))
class CustomAttributeField {
  @Variant('CustomAttribute', 'The value of a custom attribute.')
  _type: 'CustomAttribute';

  @Uuid({ description: 'The id of the custom attribute.', example: ID })
  attributeId: string;

  @Union(operators.MAY_HAVE_PATH, {
    description: 'The operator.',
    example: { _type: 'IsOneOf', values: [['Paid', 'Gold']] },
  })
  operator: Operator;
}

/** The fields of conditions. */
export const SEARCH_FIELDS = {
  AgentId: id('AgentId', 'The agent to whom it is assigned.', operators.MAY_HAVE_ID),
  AssignedDate: instant('AssignedDate', 'When it was assigned to its agent.'),
  Channel: name(
    'Channel',
    'The channel. Names of channels that this server does not have match nothing.',
    CHANNELS,
    'email',
  ),
  ClosedDate: instant('ClosedDate', 'When it was closed, if it still is.'),
  ContactId: id('ContactId', 'The end user.', operators.HAS_ID),
  ConversationId: field('ConversationId', 'The conversation number.', operators.HAS_NUMBER, {
    _type: 'IsOneOf',
    values: ['1042'],
  }),
  CreationDate: instant('CreationDate', 'When it was created.'),
  CustomAttribute: CustomAttributeField,
  Direction: name('Direction', 'The direction in which it began.', DIRECTIONS, 'inbound'),
  Duration: field(
    'Duration',
    'The time from its creation to its closing. Conversations that are not closed have none.',
    operators.HAS_DURATION,
    { _type: 'LongerThanOrEqualTo', duration: 3600 },
  ),
  LastActivity: instant('LastActivity', 'When it was last changed.'),
  LastMessage: instant('LastMessage', 'When the latest message was written.'),
  QueueId: id('QueueId', 'Its last queue.', operators.MAY_HAVE_ID),
  Status: name('Status', 'The state.', STATUSES, 'open'),
  TagId: field('TagId', 'Its tags.', operators.MAY_HAVE_IDS, { _type: 'IncludesOne', values: [ID] }),
};
