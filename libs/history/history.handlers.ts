import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { type Statement } from '#libs/database/batch.js';
import { Database } from '#libs/database/database.js';
import { Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { streamName } from '#libs/event-store/stream-definition.js';
import { organizationStream } from '#libs/organizations/organization.stream.js';
import { notFound } from '#libs/platform/domain-error.js';
import { query } from '#libs/platform/messages.js';
import { type Scope } from '#libs/platform/scopes.js';
import { type EntityWithHistory } from '#libs/resources/resource.js';
import { type HistoryRow, SELECT_HISTORY, shownEvent } from './history-rows.js';
import { type HistoryEventOutput } from './history.dto.js';

/** A page of an entity's events, newest first. Deleted entities have one, too. */
export class GetHistory extends query<
  { organizationId: string; entity: EntityWithHistory; id: string; request: PageRequest; granted: readonly Scope[] },
  Page<HistoryEventOutput>
>() {}

/** An entity's events in the organization's stream follow those in its own stream: streams are sorted by name. */
const NEWEST_FIRST = new Keyset<HistoryRow>(
  [
    { name: 'e.stream', type: 'text', of: ({ stream }) => stream },
    { name: 'e.version', type: 'bigint', of: ({ version }) => version },
  ],
  'DESC',
);

@QueryHandler(GetHistory)
export class GetHistoryHandler implements IQueryHandler<GetHistory> {
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
  ) {}

  async execute({ organizationId, entity, id, request, granted }: GetHistory): Promise<Page<HistoryEventOutput>> {
    const select = eventsOf(organizationId, entity, id);
    const page = await NEWEST_FIRST.read(this.database, organizationId, select, request);
    if (page.rows.length === 0 && !request.cursor) throw notFound(entity.name, id);
    return { ...page, rows: page.rows.map((row) => shownEvent(this.codec, row, granted)) };
  }
}

function eventsOf(organizationId: string, { stream, formerlyBy }: EntityWithHistory, id: string): Statement {
  const own = streamName(stream, id);
  const inStreams = `${SELECT_HISTORY} e.organization_id = $1 AND e.stream = ANY($2)`;
  if (formerlyBy === undefined) return { text: inStreams, values: [organizationId, [own]] };
  const streams = [own, streamName(organizationStream, organizationId)];
  return {
    text: `${inStreams} AND (e.stream = $3 OR e.data ->> $4 = $5)`,
    values: [organizationId, streams, own, formerlyBy, id],
  };
}
