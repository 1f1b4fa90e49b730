import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { listOutput } from '#libs/http/endpoint.js';
import { FILTER_FIELDS, type FilterField } from '../events/filters.rules.js';
import { EVENT_NAMES, type ShownEventType, shownEventTypes, type WebhookEventName } from './catalogue.published.js';

const [EVENT_TYPE] = shownEventTypes() as [ShownEventType];

@ApiSchema({ name: 'WebhookEventType' })
class EventTypeOutput implements ShownEventType {
  @ApiProperty({ description: 'The name to subscribe to.', enum: EVENT_NAMES, example: EVENT_TYPE.name })
  name: WebhookEventName;

  @ApiProperty({ description: 'The name in payloads: `event_fqn`.', example: EVENT_TYPE.eventFqn })
  eventFqn: string;

  @ApiProperty({
    description:
      'Whether Deskstream produces the event. Other events can be subscribed to as well; their deliveries begin with the version that produces them.',
    example: EVENT_TYPE.produced,
  })
  produced: boolean;

  @ApiPropertyOptional({
    description:
      'The `event_version` of payloads. It rises when a field of `data` changes its meaning or is removed. Absent while the event is not produced.',
    example: EVENT_TYPE.version,
  })
  version?: string;

  @ApiProperty({ description: 'The occasion of the event.', example: EVENT_TYPE.description })
  description: string;

  @ApiProperty({
    description: 'The fields that filters can use. Other fields are refused.',
    enum: FILTER_FIELDS,
    isArray: true,
    example: ['QueueId'],
  })
  filterFields: readonly FilterField[];

  @ApiPropertyOptional({
    description: 'A complete example payload. Absent while the event is not produced.',
    type: 'object',
    additionalProperties: true,
    example: EVENT_TYPE.example,
  })
  example?: object;

  @ApiPropertyOptional({
    description: 'JSON Schema (2020-12) of the `data` of the payload. Absent while the event is not produced.',
    type: 'object',
    additionalProperties: true,
    example: EVENT_TYPE.schema,
  })
  schema?: object;
}

export const ListEventTypesOutput = listOutput('ListWebhookEventTypesOutput', EventTypeOutput);
