import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { type Statement } from '#libs/database/batch.js';
import { Database } from '#libs/database/database.js';
import { Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { EVENT_KEYS, EventCodec, type EventRow } from '#libs/event-store/event-codec.js';
import { type FeedEvent } from '#libs/event-store/event.js';
import { streamName } from '#libs/event-store/stream-definition.js';
import { notFound } from '#libs/platform/domain-error.js';
import { query } from '#libs/platform/messages.js';
import { timeSlices } from '#libs/platform/time-slices.js';
import { type Scope } from '#libs/platform/scopes.js';
import { showsPersonal } from '#libs/resources/scopes.js';
import { readRelated } from '#libs/webhooks/events/referenced-entities.published.js';
import { type ActivityLogEntry } from './activity-log.dto.js';
import { referencesOf, SHOWN_EVENTS, shownActivity } from './activity.shown.js';
import { conversationStream } from './conversation.stream.js';

/** A page of a conversation's activity log, or of the organization's in a period, oldest first. */
export class ListActivity extends query<
  {
    organizationId: string;
    of: { conversationId: number } | { from?: string; until?: string };
    request: PageRequest;
    /** The scopes of the token: names of agents and end users require the scopes to read them. */
    granted: readonly Scope[];
  },
  Page<ActivityLogEntry>
>() {}

const BY_VERSION = new Keyset<EventRow>([{ name: 'version', type: 'bigint', of: ({ version }) => version }], 'ASC');
const BY_TIME = new Keyset<EventRow>(
  [
    { name: 'recorded_at', type: 'timestamptz', of: (row) => row.recorded_at.toISOString() },
    { name: 'position', type: 'bigint', of: ({ position }) => position },
  ],
  'ASC',
);
const SELECT = `SELECT e.*, ${EVENT_KEYS} FROM events e WHERE organization_id = $1 AND type = ANY($2)`;
/** Number of events that are decoded without a pause. */
const DECODED_AT_ONCE = 200;
/** Number of events that are read at once, and characters of data after which a page ends. */
const BOUNDS = { atOnce: 500, room: 8_000_000 };

@QueryHandler(ListActivity)
export class ListActivityHandler implements IQueryHandler<ListActivity> {
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
  ) {}

  async execute({ organizationId, of, request, granted }: ListActivity): Promise<Page<ActivityLogEntry>> {
    const isOfOne = 'conversationId' in of;
    const page = await (isOfOne ? BY_VERSION : BY_TIME).readWithin(
      this.database,
      organizationId,
      isOfOne ? ofConversation(organizationId, of.conversationId) : ofPeriod(organizationId, of.from, of.until),
      request,
      { ...BOUNDS, sizeOf: ({ data }) => JSON.stringify(data).length },
    );
    if (isOfOne && page.rows.length === 0 && !request.cursor) {
      throw notFound('Conversation', String(of.conversationId));
    }
    return { ...page, rows: await this.#shown(organizationId, page.rows, granted) };
  }

  /** Opening the personal data of a page may take tens of milliseconds, so organizations take turns. */
  async #decoded(organizationId: string, rows: EventRow[]): Promise<FeedEvent[]> {
    const events: FeedEvent[] = [];
    for (const [index, row] of rows.entries()) {
      if (index > 0 && index % DECODED_AT_ONCE === 0) await timeSlices.next(organizationId);
      events.push(this.codec.decode(row));
    }
    return events;
  }

  async #shown(organizationId: string, rows: EventRow[], granted: readonly Scope[]): Promise<ActivityLogEntry[]> {
    const events = await this.#decoded(organizationId, rows);
    const hidden = {
      ...(showsPersonal(granted, 'agent') ? {} : { agentIds: [] }),
      ...(showsPersonal(granted, 'endUser') ? {} : { endUserIds: [] }),
    };
    const references = events.map((event) => ({ ...referencesOf(event), ...hidden }));
    const related = await readRelated(this.database, organizationId, references, organizationId);
    return events.map((event) => shownActivity(event, related));
  }
}

function ofConversation(organizationId: string, id: number): Statement {
  return {
    text: `${SELECT} AND stream = $3`,
    values: [organizationId, SHOWN_EVENTS, streamName(conversationStream, String(id))],
  };
}

/** The index of events of conversations has this condition on the stream. */
function ofPeriod(organizationId: string, from?: string, until?: string): Statement {
  const bounds = [from && ['>=', from], until && ['<', until]].filter((bound) => bound !== undefined && bound !== '');
  const conditions = bounds.map(([operator], index) => `AND recorded_at ${operator} $${index + 3}`);
  return {
    text: `${SELECT} AND starts_with(stream, 'conversation-') ${conditions.join(' ')}`,
    values: [organizationId, SHOWN_EVENTS, ...bounds.map(([, instant]) => instant)],
    replanned: true,
  };
}
