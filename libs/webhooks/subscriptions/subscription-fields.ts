import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { Text } from '#libs/http/fields.js';
import { unionSchema, Variant } from '#libs/http/nested-fields.js';
import { FILTER_FIELDS, type FilterField } from '../events/filters.rules.js';

class NoAuth {
  @Variant('NoAuth', 'No Authorization header.')
  _type: 'NoAuth';
}

class BasicAuth {
  @Variant('BasicAuth', 'HTTP Basic.')
  _type: 'BasicAuth';

  @Text({
    description: 'The user name, without a colon.',
    example: 'deskstream',
    fault: (text) => (text.includes(':') ? 'must not contain a colon' : undefined),
  })
  username: string;

  @Text({ description: 'The password.', example: 'correct horse battery staple' })
  password: string;
}

class TokenAuth {
  @Variant('TokenAuth', 'A complete Authorization header.')
  _type: 'TokenAuth';

  @Text({
    description: 'The value of the Authorization header, sent unchanged.',
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

  @ApiProperty({ description: 'The field to compare.', enum: FILTER_FIELDS, example: 'QueueId' })
  field: FilterField;

  @ApiProperty({
    description: 'The values.',
    type: [String],
    minItems: 1,
    example: [EXAMPLE_IDS.queue],
  })
  values: string[];
}

class IsNotOneOf {
  @ApiProperty({
    description: 'The field has none of the values.',
    enum: ['IsNotOneOf'],
    example: 'IsNotOneOf',
  })
  _type: 'IsNotOneOf';

  @ApiProperty({ description: 'The field to compare.', enum: FILTER_FIELDS, example: 'InitialChannel' })
  field: FilterField;

  @ApiProperty({ description: 'The values.', type: [String], minItems: 1, example: ['Email'] })
  values: string[];
}

@ApiExtraModels(IsOneOf, IsNotOneOf)
export class CombinedFilters {
  @ApiProperty({ description: 'A combination of conditions.', enum: ['CombinedFilters'], example: 'CombinedFilters' })
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

/** Documentation of the fields that inputs and outputs share. */
export const DOCUMENTED = {
  name: { description: 'The display name.', example: 'CRM synchronization' },
  url: {
    description:
      'The URL to which deliveries are POSTed. It begins with http:// or https://, has no credentials, and its address is one to which this installation delivers.',
    example: 'https://crm.example.com/hooks/deskstream',
  },
  events: {
    description:
      'The names of the events to deliver. With an empty list, nothing is delivered. `GET /v1/webhooks/event-types` says which events are produced.',
    example: ['ConversationCreated', 'ConversationEnqueued'],
  },
  enabled: {
    description: 'While false, events are neither collected nor sent. Waiting deliveries stay.',
    example: true,
  },
  ordering: {
    description:
      '`unordered`: deliveries are sent in parallel. `fifo`: deliveries are sent one after the other in the order in which the events were recorded; a failing delivery holds up the following ones until it succeeds or is given up.',
    example: 'unordered',
  },
  maxPerSecond: { description: 'The largest number of attempts in a second. `null`: no limit.', example: 50 },
  authorization: {
    description: 'How deliveries authenticate to the receiver.',
    example: { _type: 'BasicAuth', username: 'deskstream', password: 'correct horse battery staple' },
  },
  customHeaders: {
    description: 'Headers to add to each delivery. Headers that deliveries set themselves are refused.',
    example: { 'X-Tenant': 'acme' },
  },
  filters: {
    description:
      'Filters by event name. Without a filter, all events of that name are delivered. Values of `QueueId` must be queue ids (else 400) of existing queues (else 404).',
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
