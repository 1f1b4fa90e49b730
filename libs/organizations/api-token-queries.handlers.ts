import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '#libs/database/database.js';
import { Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { notFound } from '#libs/platform/domain-error.js';
import { query } from '#libs/platform/messages.js';
import { type Scope } from '#libs/platform/scopes.js';
import { type ApiTokenOutput } from './api-tokens.dto.js';

interface ShownRow {
  id: string;
  name: string;
  actor_id: string;
  scopes: Scope[];
  created_at: Date;
  created_by: string;
  created_by_token: string | null;
  expires_at: Date | null;
  revoked_at: Date | null;
  previous_until: Date | null;
  rate_per_second: number | null;
  rate_burst: number | null;
  last_used_at: Date | null;
}

const TOKENS = `
  SELECT id, name, actor_id, scopes, created_at, created_by, created_by_token, expires_at, revoked_at, previous_until,
    rate_per_second, rate_burst, last_used_at
  FROM api_tokens t LEFT JOIN api_token_usage u ON u.organization_id = t.organization_id AND u.token_id = t.id
  WHERE t.organization_id = $1`;
const BY_ID = new Keyset<ShownRow>([{ name: 'id', type: 'uuid', of: ({ id }) => id }], 'ASC');

export class GetApiToken extends query<{ organizationId: string; id: string }, ApiTokenOutput>() {}

/** A page of API tokens, oldest first, including revoked and expired ones. */
export class ListApiTokens extends query<{ organizationId: string; page: PageRequest }, Page<ApiTokenOutput>>() {}

@QueryHandler(GetApiToken)
export class GetApiTokenHandler implements IQueryHandler<GetApiToken> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId, id }: GetApiToken): Promise<ApiTokenOutput> {
    const statement = { text: `${TOKENS} AND t.id = $2`, values: [organizationId, id] };
    const [row] = await this.database.query<ShownRow>(organizationId, statement);
    if (!row) throw notFound('API token', id);
    return shownToken(row, new Date());
  }
}

@QueryHandler(ListApiTokens)
export class ListApiTokensHandler implements IQueryHandler<ListApiTokens> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId, page }: ListApiTokens): Promise<Page<ApiTokenOutput>> {
    const select = { text: TOKENS, values: [organizationId] };
    const { rows, ...links } = await BY_ID.read(this.database, organizationId, select, page);
    const now = new Date();
    return { rows: rows.map((row) => shownToken(row, now)), ...links };
  }
}

function shownToken(row: ShownRow, now: Date): ApiTokenOutput {
  const { rate_per_second: perSecond, rate_burst: burst } = row;
  return {
    id: row.id,
    name: row.name,
    state: stateOf(row, now),
    scopes: row.scopes,
    actorId: row.actor_id,
    createdAt: row.created_at.toISOString(),
    createdBy: { actorId: row.created_by, ...(row.created_by_token && { tokenId: row.created_by_token }) },
    ...(row.expires_at && { expiresAt: row.expires_at.toISOString() }),
    ...(row.revoked_at && { revokedAt: row.revoked_at.toISOString() }),
    ...(row.previous_until && row.previous_until > now && { previousSecretUntil: row.previous_until.toISOString() }),
    ...(row.last_used_at && { lastUsedAt: row.last_used_at.toISOString() }),
    ...(perSecond !== null && burst !== null && { rateLimit: { perSecond, burst } }),
  };
}

function stateOf({ revoked_at, expires_at }: ShownRow, now: Date): ApiTokenOutput['state'] {
  if (revoked_at) return 'Revoked';
  return expires_at && expires_at <= now ? 'Expired' : 'Active';
}
