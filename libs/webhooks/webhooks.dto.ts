import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { dataOutput, listOutput } from '#libs/platform/http/endpoint.js';
import { Checked, Choices, Flag, Text } from '#libs/platform/http/fields.js';
import { Union, unionSchema, Variant } from '#libs/platform/http/nested-fields.js';
import { isRecord } from '#libs/platform/values.js';
import { EVENT_NAMES, type ShownEventType, shownEventTypes, type WebhookEventName } from './catalogue.js';
import { faultOfFilters, FILTER_FIELDS, type FilterField, type Filters } from './filters.js';
import { faultOfHeaders } from './headers.js';
import { type Authorization } from './subscription.js';
import { faultOfUrl } from './delivery/target.js';

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

const AUTHORIZATIONS = { NoAuth, BasicAuth, TokenAuth };

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
    description: 'The field has none of the values, or the event has no such field.',
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
class CombinedFilters {
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

const DOCUMENTED = {
  name: { description: 'A name for people.', example: 'CRM synchronization' },
  url: {
    description: 'Where deliveries are POSTed: http or https, without credentials.',
    example: 'https://crm.example.com/hooks/deskstream',
  },
  events: {
    description: 'The events to deliver. None: nothing is delivered.',
    example: ['TagCreated', 'TagDeactivated'],
  },
  enabled: { description: 'While false, events are neither collected nor sent; what is waiting stays.', example: true },
  authorization: {
    description: 'How deliveries authorize themselves to the receiver.',
    example: { _type: 'BasicAuth', username: 'deskstream', password: 'correct horse battery staple' },
  },
  customHeaders: {
    description: 'Headers to add to each delivery. Those that deliveries need for themselves are refused.',
    example: { 'X-Tenant': 'acme' },
  },
  filters: {
    description: 'By event name, which events to deliver. An event without filters is delivered always.',
    example: {
      ConversationEnqueued: {
        _type: 'CombinedFilters',
        strategy: 'All',
        conditions: [{ _type: 'IsNotOneOf', field: 'InitialChannel', values: ['Email'] }],
      },
    },
  },
};

const headersSchema = { type: 'object' as const, additionalProperties: { type: 'string' as const } };
const filtersSchema = {
  type: 'object' as const,
  additionalProperties: { oneOf: [{ $ref: getSchemaPath(CombinedFilters) }] },
};

const headersFault = (value: unknown) => (isRecord(value) ? faultOfHeaders(value) : 'must be an object');

@ApiExtraModels(NoAuth, BasicAuth, TokenAuth, CombinedFilters)
export class CreateWebhookSubscriptionInput {
  @Text(DOCUMENTED.name)
  name: string;

  @Text({ ...DOCUMENTED.url, max: 2048, format: 'uri', fault: faultOfUrl })
  url: string;

  @Choices({ ...DOCUMENTED.events, values: EVENT_NAMES, optional: true })
  events?: WebhookEventName[];

  @Flag({ ...DOCUMENTED.enabled, optional: true })
  enabled?: boolean;

  @Union(AUTHORIZATIONS, DOCUMENTED.authorization)
  authorization: Authorization;

  @Checked({ ...DOCUMENTED.customHeaders, fault: headersFault, schema: headersSchema, optional: true })
  customHeaders?: Record<string, string>;

  @Checked({
    ...DOCUMENTED.filters,
    fault: (value) => faultOfFilters(value, EVENT_NAMES),
    schema: filtersSchema,
    optional: true,
  })
  filters?: Record<string, Filters>;
}

export class PatchWebhookSubscriptionInput {
  @Text({ ...DOCUMENTED.name, optional: true })
  name?: string;

  @Text({ ...DOCUMENTED.url, max: 2048, format: 'uri', fault: faultOfUrl, optional: true })
  url?: string;

  @Choices({ ...DOCUMENTED.events, values: EVENT_NAMES, optional: true })
  events?: WebhookEventName[];

  @Flag({ ...DOCUMENTED.enabled, optional: true })
  enabled?: boolean;

  @Union(AUTHORIZATIONS, { ...DOCUMENTED.authorization, optional: true })
  authorization?: Authorization;

  @Checked({ ...DOCUMENTED.customHeaders, fault: headersFault, schema: headersSchema, optional: true })
  customHeaders?: Record<string, string>;

  @Checked({
    ...DOCUMENTED.filters,
    fault: (value) => faultOfFilters(value, EVENT_NAMES),
    schema: filtersSchema,
    optional: true,
  })
  filters?: Record<string, Filters>;
}

const ACTOR = { format: 'uuid', example: '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5' };
const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };

@ApiSchema({ name: 'WebhookSubscription' })
export class WebhookSubscriptionOutput {
  @ApiProperty({ description: 'The subscription id.', format: 'uuid', example: '01980f61-4a2b-7e13-8c5d-2b3c4d5e6f70' })
  id: string;

  @ApiProperty(DOCUMENTED.name)
  name: string;

  @ApiPropertyOptional({ ...DOCUMENTED.events, enum: EVENT_NAMES, isArray: true, uniqueItems: true })
  subscribedEvents: string[];

  @ApiProperty(DOCUMENTED.url)
  url: string;

  @ApiProperty({
    description: 'All headers that deliveries carry for the receiver, the authorization among them.',
    ...headersSchema,
    example: { Authorization: 'Bearer 9f86d081884c7d65', 'X-Tenant': 'acme' },
  })
  headers: Record<string, string>;

  @ApiProperty({
    description: 'Signs the deliveries: 32 bytes in hex.',
    example: 'b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184',
  })
  secretKey: string;

  @ApiProperty(DOCUMENTED.enabled)
  enabled: boolean;

  @ApiProperty({ description: 'When it was created.', ...INSTANT })
  createdAt: string;

  @ApiProperty({ description: 'The agent who created it.', ...ACTOR })
  createdBy: string;

  @ApiProperty({ description: 'When it was last changed.', ...INSTANT })
  updatedAt: string;

  @ApiProperty({ description: 'The agent who last changed it.', ...ACTOR })
  updatedBy: string;

  @ApiPropertyOptional({ ...DOCUMENTED.filters, ...filtersSchema })
  filters?: Record<string, Filters>;
}

class DeliveryDetail {
  @ApiProperty({ description: 'There was a delivery.', enum: ['DeliveryDetail'], example: 'DeliveryDetail' })
  _type: 'DeliveryDetail';

  @ApiProperty({ description: 'When the last attempt began.', ...INSTANT })
  deliveryTimestamp: string;

  @ApiProperty({ description: 'Whether the receiver answered 2xx.', example: true })
  success: boolean;

  @ApiProperty({
    description: 'The HTTP status; 0 when no response came.',
    type: 'integer',
    format: 'int32',
    example: 200,
  })
  responseCode: number;

  @ApiProperty({ description: 'The beginning of the response, or why there was none.', example: 'ok' })
  responseText: string;
}

class NoRecentDelivery {
  @ApiProperty({ description: 'There was no delivery yet.', enum: ['NoRecentDelivery'], example: 'NoRecentDelivery' })
  _type: 'NoRecentDelivery';
}

const STATUSES = { DeliveryDetail, NoRecentDelivery };

@ApiExtraModels(DeliveryDetail, NoRecentDelivery)
export class EventDeliveryStatus {
  @ApiProperty({ description: 'A subscribed event.', enum: EVENT_NAMES, example: 'TagCreated' })
  event: string;

  @ApiProperty({ description: 'How its last delivery went.', ...unionSchema(STATUSES) })
  deliveryStatus: DeliveryDetail | NoRecentDelivery;
}

export class EventDeliveryLog {
  @ApiProperty({ description: 'How the attempt went.', type: DeliveryDetail })
  deliveryDetail: DeliveryDetail;

  @ApiProperty({
    description: 'The body that was sent.',
    example: '{"event_id":"01980f62-0c1d-7f24-9e6f-3c4d5e6f7081","event_fqn":"TAG_CREATED"}',
  })
  payload: string;
}

const [EVENT_TYPE] = shownEventTypes() as [ShownEventType];

@ApiSchema({ name: 'WebhookEventType' })
class EventTypeOutput implements ShownEventType {
  @ApiProperty({ description: 'The name to subscribe to.', enum: EVENT_NAMES, example: EVENT_TYPE.name })
  name: WebhookEventName;

  @ApiProperty({ description: 'The name in payloads: `event_fqn`.', example: EVENT_TYPE.eventFqn })
  eventFqn: string;

  @ApiProperty({
    description: 'Of the payload: `event_version`. It rises when a field of `data` changes its meaning or goes away.',
    example: EVENT_TYPE.version,
  })
  version: string;

  @ApiProperty({ description: 'When it happens.', example: EVENT_TYPE.description })
  description: string;

  @ApiProperty({
    description: 'What its filters can look at. A filter by another field takes it for a field without a value.',
    enum: FILTER_FIELDS,
    isArray: true,
    example: ['QueueId'],
  })
  filterFields: FilterField[];

  @ApiProperty({
    description: 'A whole payload, as it is sent.',
    type: 'object',
    additionalProperties: true,
    example: EVENT_TYPE.example,
  })
  example: object;

  @ApiProperty({
    description: 'JSON Schema (2020-12) of the `data` of the payload.',
    type: 'object',
    additionalProperties: true,
    example: EVENT_TYPE.schema,
  })
  schema: object;
}

export const ListEventTypesOutput = listOutput('ListWebhookEventTypesOutput', EventTypeOutput);
export const ListWebhookSubscriptionsOutput = listOutput(
  'ListWebhookSubscriptionsEndpointOutput',
  WebhookSubscriptionOutput,
);
export const GetWebhookSubscriptionOutput = dataOutput('GetWebhookSubscriptionOutput', WebhookSubscriptionOutput);
export const CreateWebhookSubscriptionOutput = dataOutput('CreateWebhookSubscriptionOutput', WebhookSubscriptionOutput);
export const PatchWebhookSubscriptionOutput = dataOutput('PatchWebhookSubscriptionOutput', WebhookSubscriptionOutput);
export const GetDeliveryStatusOutput = listOutput('GetWebhookLastDeliveryStatusOutput', EventDeliveryStatus);
export const GetDeliveryLogsOutput = listOutput('GetWebhookEventDeliveryLogsOutput', EventDeliveryLog);
