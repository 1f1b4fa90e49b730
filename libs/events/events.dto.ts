import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ListMeta, listOutput, named } from '#libs/http/endpoint.js';
import { Checked, Choice, faultOfText, QueryWhole, Text } from '#libs/http/fields.js';
import { OPAQUE } from '#libs/http/opaque-event.js';
import { type ShownEvent } from './event.shown.js';

const MAX_TYPES = 100;
export const DEFAULT_LIMIT = 100;

/** The start and the filters of a reader of the feed. */
export class FeedQuery {
  @Text({
    description: 'Where to continue: the cursor of the last answer. Do not construct or change it.',
    example: 'v1.QmFzZTY0dXJsIG9mIGEgc2VhbGVkIHBvc2l0aW9uIGluIHRoZSBmZWVk',
    max: 200,
    optional: true,
  })
  cursor?: string;

  @Choice({
    description: 'Where to begin without a cursor: at the first event, or after the last one.',
    values: ['start', 'now'],
    example: 'now',
    optional: true,
  })
  from?: 'start' | 'now';

  @Checked({
    description: 'Only events of these types, comma-separated. The error for an unknown type lists the known ones.',
    schema: { type: 'string', maxLength: 8192 },
    example: 'TagCreated,TagDeleted',
    fault: faultOfTypes,
    optional: true,
  })
  @Transform(({ value }: { value: unknown }): unknown => (typeof value === 'string' ? value.split(',') : value))
  types?: string[];

  @Text({
    description: 'Only events of streams of this kind, which is the first part of their names.',
    example: 'tag',
    optional: true,
  })
  category?: string;

  @Text({
    description: 'Only events of this stream.',
    example: `tag-${EXAMPLE_IDS.tag}`,
    optional: true,
  })
  stream?: string;
}

function faultOfTypes(types: unknown): string | undefined {
  if (!Array.isArray(types)) return 'must be event types, comma-separated';
  if (types.length > MAX_TYPES) return `must have at most ${MAX_TYPES} items`;
  return types.map((type) => faultOfText(type, {})).find((fault) => fault !== undefined);
}

/** The query of `GET /v1/events`. */
export class ListEventsQuery extends FeedQuery {
  @QueryWhole({
    description: 'The largest number of events in the answer.',
    example: DEFAULT_LIMIT,
    min: 1,
    max: 500,
    optional: true,
  })
  limit?: number;

  @QueryWhole({
    description: 'How many seconds to wait for an event when there is none. Default: 0.',
    example: 20,
    max: 30,
    optional: true,
  })
  wait?: number;
}

@ApiSchema({ name: 'Event' })
export class EventOutput implements ShownEvent {
  @ApiProperty({ description: 'The event id.', format: 'uuid', example: EXAMPLE_IDS.event })
  id: string;

  @ApiProperty({ description: 'The type of the event.', example: 'TagCreated' })
  type: string;

  @ApiProperty({
    description: 'The stream: its kind and the id of its entity.',
    example: `tag-${EXAMPLE_IDS.tag}`,
  })
  stream: string;

  @ApiProperty({
    description: 'The version: the position of the event in its stream, counted from 1.',
    type: 'integer',
    example: 1,
  })
  version: number;

  @ApiProperty({
    description: 'When the event was recorded.',
    format: 'date-time',
    example: '2026-03-14T09:26:53.589Z',
  })
  recordedAt: string;

  @ApiProperty({
    description:
      'The id of the agent on whose behalf the change was made, or of the organization if Deskstream made it.',
    format: 'uuid',
    example: EXAMPLE_IDS.agent,
  })
  actorId: string;

  @ApiPropertyOptional({
    description: 'The id of the API token. Absent if Deskstream or its operator made the change.',
    format: 'uuid',
    example: EXAMPLE_IDS.token,
  })
  tokenId?: string;

  @ApiPropertyOptional({
    description: 'The id of the request, as in X-Request-Id.',
    example: EXAMPLE_IDS.request,
  })
  requestId?: string;

  @ApiProperty({
    description: 'The facts of the event, whose fields depend on the type. Secrets are `***`.',
    type: 'object',
    additionalProperties: true,
    example: { id: EXAMPLE_IDS.tag, name: 'VIP', color: '#ff8800' },
  })
  data: object;

  @ApiPropertyOptional({
    description:
      'Whether personal fields are left out, because the token lacks the scope to read them (`agents:read`, `endusers:read`, `conversations:read`) or because they have been anonymized.',
    type: Boolean,
    example: true,
  })
  redacted?: true;

  @ApiPropertyOptional(OPAQUE)
  opaque?: true;
}

class FeedProgress extends ListMeta {
  @ApiProperty({
    description: 'Where to continue. Present even if the answer has no events.',
    example: 'v1.QmFzZTY0dXJsIG9mIGEgc2VhbGVkIHBvc2l0aW9uIGluIHRoZSBmZWVk',
  })
  cursor: string;

  @ApiProperty({
    description: 'Whether more can be read at once, even if this answer has no events.',
    example: false,
  })
  more: boolean;
}

class FeedOutput extends listOutput('', EventOutput) {
  @ApiProperty({ description: 'The start of the next page.', type: FeedProgress, required: true })
  override meta: FeedProgress;
}

export const ListEventsOutput = named('ListEventsOutput', FeedOutput);
