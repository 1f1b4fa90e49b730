import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { PresenceTimeout } from '#libs/agents/presence.rules.js';
import { Database } from '#libs/database/database.js';
import { type ConversationChannel } from '#libs/platform/channels.js';
import { notFound } from '#libs/platform/domain-error.js';
import { query } from '#libs/platform/messages.js';

/** The state of one channel of a queue. */
export interface ChannelState {
  channel: ConversationChannel;
  /** Whether a member is online, working, and active on the channel. */
  available: boolean;
  /** Number of waiting conversations. */
  waiting: number;
}

/** The channels that members currently work on, and those of waiting conversations. */
export class GetQueueAvailability extends query<{ organizationId: string; id: string }, ChannelState[]>() {}

/** The position of a waiting conversation in its queue. The one that has waited longest is first. */
export class GetConversationPosition extends query<
  { organizationId: string; conversationId: number },
  { position: number; queuedAt: string }
>() {}

@QueryHandler(GetQueueAvailability)
export class GetQueueAvailabilityHandler implements IQueryHandler<GetQueueAvailability> {
  constructor(
    private readonly database: Database,
    private readonly timeout: PresenceTimeout,
  ) {}

  async execute({ organizationId, id }: GetQueueAvailability): Promise<ChannelState[]> {
    const seenAfter = new Date(Date.now() - this.timeout.seconds * 1000);
    const rows = await this.database.query<Omit<ChannelState, 'channel'> & { channel: ConversationChannel | null }>(
      organizationId,
      { text: SELECT_AVAILABILITY, values: [organizationId, id, seenAfter] },
    );
    if (rows.length === 0) throw notFound('Queue', id);
    return rows.flatMap(({ channel, ...state }) => (channel ? { channel, ...state } : []));
  }
}

/** Returns one row without a channel if the queue has no such channel. */
const SELECT_AVAILABILITY = `
  WITH working AS (
    SELECT DISTINCT unnest(p.active_channels) AS channel FROM queue_members m
    JOIN agent_presence p ON p.organization_id = m.organization_id AND p.agent_id = m.agent_id
    WHERE m.organization_id = $1 AND m.queue_id = $2
      AND p.connection_status = 'Online' AND p.presence_status = 'Working' AND p.last_seen > $3
  ), waiting AS (
    SELECT channel, count(*) AS waiting FROM conversations
    WHERE organization_id = $1 AND queue_id = $2 AND queued_at IS NOT NULL GROUP BY channel
  ), channels AS (
    SELECT channel, working IS NOT NULL AS available, coalesce(waiting.waiting, 0) AS waiting
    FROM working FULL JOIN waiting USING (channel)
  )
  SELECT channel, available, waiting FROM queues LEFT JOIN channels ON true
  WHERE organization_id = $1 AND id = $2 ORDER BY channel`;

@QueryHandler(GetConversationPosition)
export class GetConversationPositionHandler implements IQueryHandler<GetConversationPosition> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId, conversationId }: GetConversationPosition) {
    const [row] = await this.database.query<{ position: number; queued_at: Date }>(organizationId, {
      text: `SELECT c.queued_at, (SELECT count(*) FROM conversations other
               WHERE other.organization_id = $1 AND other.queue_id = c.queue_id AND other.queued_at IS NOT NULL
                 AND (other.queued_at, other.id) <= (c.queued_at, c.id)) AS position
             FROM conversations c WHERE c.organization_id = $1 AND c.id = $2 AND c.queued_at IS NOT NULL`,
      values: [organizationId, conversationId],
    });
    if (!row) throw notFound('Waiting conversation', `${conversationId}`);
    return { position: row.position, queuedAt: row.queued_at.toISOString() };
  }
}
