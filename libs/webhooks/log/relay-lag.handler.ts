import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '#libs/database/database.js';
import { query } from '#libs/platform/messages.js';
import { MOST_COUNTED, type RelayLag } from './relay-lag.dto.js';

/** How far the relay is behind with an organization's events. */
export class GetRelayLag extends query<{ organizationId: string }, RelayLag>() {}

/** The position is a subquery: row-level security keeps conditions with other functions from the index. */
const LAG = `SELECT count(*)::integer AS events, min(recorded_at) AS oldest FROM (
    SELECT recorded_at FROM events WHERE organization_id = $1 AND position > (SELECT relay_position($1))
    ORDER BY position NULLS FIRST LIMIT ${MOST_COUNTED}) AS next`;

@QueryHandler(GetRelayLag)
export class GetRelayLagHandler implements IQueryHandler<GetRelayLag> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId }: GetRelayLag): Promise<RelayLag> {
    const statement = { text: LAG, values: [organizationId] };
    const rows = await this.database.query<{ events: number; oldest: Date | null }>(organizationId, statement);
    const [{ events, oldest }] = rows as [(typeof rows)[number]];
    return { events, ...(oldest && { oldestRecordedAt: oldest.toISOString() }) };
  }
}
