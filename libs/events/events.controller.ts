import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { Controller, Get, Header, Headers, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { type OrganizationFeedPage } from '#libs/event-store/organization-feed.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { QueryInput } from '#libs/http/input.js';
import { HeldOpen } from '#libs/http/request-log.js';
import { type AuthenticatedRequest } from '#libs/http/request-context.js';
import { EventStreams } from './sse-streams.js';
import { DEFAULT_LIMIT, FeedQuery, ListEventsOutput, ListEventsQuery } from './events.dto.js';
import { FeedCursors } from './feed-cursors.js';
import { FeedQueries } from './feed-queries.js';
import { FeedReader, type Reading } from './feed-reader.js';
import { ReaderLimits } from './reader-limits.js';
import { type ShownEvent, shownEvent } from './event.shown.js';

const MS = 1_000;

@ApiTags('Events')
@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly queries: FeedQueries,
    private readonly reader: FeedReader,
    private readonly places: ReaderLimits,
    private readonly streams: EventStreams,
    private readonly cursors: FeedCursors,
    private readonly codec: EventCodec,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List the events of an organization.',
    description:
      'Lists the events in the order of the feed. Send the `cursor` of the answer with the next request: then no event is missed and none comes twice. With `wait`, the server holds back an answer without events until there is one. The number of waiting readers is limited, by default to 20 for each token and 200 for each organization, and to fewer while many organizations have some. Beyond the limit, the answer is 429.',
    success: [200, 'A page of the feed', ListEventsOutput],
  })
  @Header('cache-control', 'no-store')
  @HeldOpen()
  async list(
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @QueryInput() query: ListEventsQuery,
  ): Promise<{ data: ShownEvent[]; meta: { cursor: string; more: boolean } }> {
    const { organizationId } = request.caller;
    const { position, filter } = await this.queries.startOf(organizationId, query);
    const reading = { organizationId, filter, limit: query.limit ?? DEFAULT_LIMIT };
    let page = await this.reader.read(reading, position);
    if (query.wait && page.rows.length === 0 && !page.more) {
      page = await this.#wait(request, reply, reading, page.position, query.wait * MS);
    }
    return {
      data: page.rows.map((row) => shownEvent(this.codec, row, request.scopes)),
      meta: { cursor: this.cursors.at(page.position, organizationId), more: page.more },
    };
  }

  @Get('stream')
  @Endpoint({
    summary: 'Follow the events of an organization as Server-Sent Events.',
    description:
      'Each event has its cursor as `id`, its type as `event`, and itself as JSON in `data`, in the same shape as in the list. A client that reconnects with the header `Last-Event-ID` misses nothing. The stream ends when the token expires or is revoked. The number of streams is limited, by default to 20 for each token and 200 for each organization, and to fewer while many organizations have some. Beyond the limit, the answer is 429.',
    success: [200, 'The events, from then on'],
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    description: 'Where to continue: the `id` of the last event. It takes precedence over `cursor` and `from`.',
    required: false,
    schema: { type: 'string', maxLength: 200 },
  })
  @ApiOkResponse({
    description: 'The events, from then on',
    content: {
      'text/event-stream': {
        schema: { type: 'string' },
        example: `retry: 2000\n\nid: v1.QmFzZTY0\nevent: TagCreated\ndata: {"id":"${EXAMPLE_IDS.event}"}\n\n`,
      },
    },
  })
  @Header('cache-control', 'no-store')
  @HeldOpen()
  async stream(
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Headers('last-event-id') lastEventId: string | undefined,
    @QueryInput() query: FeedQuery,
  ): Promise<StreamableFile> {
    const start = await this.queries.startOf(request.caller.organizationId, query, lastEventId || undefined);
    return new StreamableFile(this.streams.open(request, reply, start), { type: 'text/event-stream' });
  }

  async #wait(
    request: AuthenticatedRequest,
    reply: FastifyReply,
    reading: Reading,
    after: number,
    timeoutMs: number,
  ): Promise<OrganizationFeedPage> {
    const place = this.places.take(request, reply);
    try {
      const page = await this.reader.await(reading, after, timeoutMs, place.signal);
      // The token may have been revoked during the wait.
      await request.reauthorize();
      return page;
    } finally {
      place.leave();
    }
  }
}
