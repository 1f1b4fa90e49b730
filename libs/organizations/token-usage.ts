import { Injectable } from '@nestjs/common';
import { PeriodicTask } from '#libs/background/periodic-task.js';
import { Database } from '#libs/database/database.js';

const WRITE_EVERY_MS = 60_000;
/** Records the tokens of one organization in one statement. */
const RECORD = `INSERT INTO api_token_usage (organization_id, token_id, last_used_at)
  SELECT $1, token_id, to_timestamp(used_at / 1000) FROM unnest($2::uuid[], $3::float8[]) AS used(token_id, used_at)
  ON CONFLICT (organization_id, token_id)
  DO UPDATE SET last_used_at = greatest(api_token_usage.last_used_at, excluded.last_used_at)`;

/** Records when tokens are used, without delaying requests. It writes once a minute, and at shutdown. */
@Injectable()
export class TokenUsage extends PeriodicTask {
  /** Time of last use, by organization and token. */
  #used = new Map<string, Map<string, number>>();

  constructor(private readonly database: Database) {
    super('Usage of tokens', WRITE_EVERY_MS);
  }

  override async onApplicationShutdown(): Promise<void> {
    await super.onApplicationShutdown();
    // A failure must not make the shutdown fail.
    await this.run().catch(() => undefined);
  }

  note(organizationId: string, tokenId: string): void {
    const tokens = this.#used.get(organizationId);
    if (tokens) tokens.set(tokenId, Date.now());
    else this.#used.set(organizationId, new Map([[tokenId, Date.now()]]));
  }

  /**
   * Writes the recorded times. Times that the database does not accept are lost. Takes one round trip for each
   * organization.
   */
  async run(): Promise<void> {
    const used = this.#used;
    this.#used = new Map();
    for (const [organizationId, tokens] of used) {
      const values = [organizationId, [...tokens.keys()], [...tokens.values()]];
      await this.database.write(organizationId, [{ text: RECORD, values }]);
    }
  }
}
