import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { Text } from '#libs/http/fields.js';
import { unionSchema, Variant } from '#libs/http/nested-fields.js';
import { FILTER_FIELDS, type FilterField } from '../events/filters.rules.js';

class NoAuth {
  @Variant('NoAuth', 'No authorization header.')
  _type: 'NoAuth';
}

class BasicAuth {
  @Variant('BasicAuth', 'HTTP Basic.')
  _type: 'BasicAuth';

  @Text({
    description: 'The user name; holds no colon.',
    example: 'deskstream',
    fault: (text) => (text.includes(':') ? 'must not hold a colon' : undefined),
  })
  username: string;

  @Text({ description: 'The password.', example: 'correct horse battery staple' })
  password: string;
}

class TokenAuth {
  @Variant('TokenAuth', 'A value for the Authorization header.')
  _type: 'TokenAuth';

  @Text({
    description: 'Sent as it is in the Authorization header.',
    example: 'Bearer 9f86d081884c7d65',
    max: 2048,
    fault: (text) => (/^[\x20-\x7e]+$/.test(text) ? undefined : 'must be plain ASCII text'),
  })
  value: string;
}

export const AUTHORIZATIONS = { NoAuth, BasicAuth, TokenAuth };

class IsOneOf {
  @ApiProperty({ description: 'The field has one of the values.', enum: ['IsOneOf'], example: 'IsOneOf' })
  _type: 'IsOneOf';

  @ApiProperty({ description: 'What is looked at.', enum: FILTER_FIELDS, example: 'QueueId' })
  field: FilterField;

  @ApiProperty({
    description: 'The values.',
    type: [String],
    minItems: 1,
    example: ['01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a'],
  })
  values: string[];
}

class IsNotOneOf {
  @ApiProperty({
    description: 'The field has none of the values, or no value at all.',
    enum: ['IsNotOneOf'],
    example: 'IsNotOneOf',
  })
  _type: 'IsNotOneOf';

  @ApiProperty({ description: 'What is looked at.', enum: FILTER_FIELDS, example: 'InitialChannel' })
  field: FilterField;

  @ApiProperty({ description: 'The values.', type: [String], minItems: 1, example: ['Email'] })
  values: string[];
}

@ApiExtraModels(IsOneOf, IsNotOneOf)
export class CombinedFilters {
  @ApiProperty({ description: 'Several conditions together.', enum: ['CombinedFilters'], example: 'CombinedFilters' })
  _type: 'CombinedFilters';

  @ApiProperty({ description: 'Whether all conditions must hold, or any.', enum: ['All', 'Any'], example: 'All' })
  strategy: 'All' | 'Any';

  @ApiProperty({
    description: 'The conditions.',
    type: 'array',
    minItems: 1,
    items: unionSchema({ IsOneOf, IsNotOneOf }),
  })
  conditions: (IsOneOf | IsNotOneOf)[];
}

/** What inputs and outputs say of the fields that they share. */
export const DOCUMENTED = {
  name: { description: 'A name for people.', example: 'CRM synchronization' },
  url: {
    description:
      'Where deliveries are POSTed: http or https, without credentials, at an address that this installation delivers to.',
    example: 'https://crm.example.com/hooks/deskstream',
  },
  events: {
    description:
      'The events to deliver. None: nothing is delivered. `GET /v1/webhooks/event-types` says which of them are produced.',
    example: ['ConversationCreated', 'ConversationEnqueued'],
  },
  enabled: { description: 'While false, events are neither collected nor sent; what is waiting stays.', example: true },
  ordering: {
    description:
      '`unordered`: deliveries go side by side. `fifo`: one after the other in the order in which the events were recorded; one that fails holds up those after it until it succeeds or is given up.',
    example: 'unordered',
  },
  maxPerSecond: { description: 'Most attempts in a second. `null`: as many as there are.', example: 50 },
  authorization: {
    description: 'How deliveries authorize themselves to the receiver.',
    example: { _type: 'BasicAuth', username: 'deskstream', password: 'correct horse battery staple' },
  },
  customHeaders: {
    description: 'Headers to add to each delivery. Those that deliveries need for themselves are refused.',
    example: { 'X-Tenant': 'acme' },
  },
  filters: {
    description:
      'By event name, which events to deliver. An event without filters is delivered always. Values of `QueueId` are ids of queues, else 400; one that does not exist is a 404.',
    example: {
      ConversationEnqueued: {
        _type: 'CombinedFilters',
        strategy: 'All',
        conditions: [{ _type: 'IsNotOneOf', field: 'InitialChannel', values: ['Email'] }],
      },
    },
  },
};

export const headersSchema = { type: 'object' as const, additionalProperties: { type: 'string' as const } };
export const filtersSchema = {
  type: 'object' as const,
  additionalProperties: { $ref: getSchemaPath(CombinedFilters) },
};
