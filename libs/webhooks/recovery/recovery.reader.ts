import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database/database.js';
import { notFound } from '#libs/platform/domain-error.js';
import { SUBSCRIPTION_EXISTS, SubscriptionReader } from '../subscriptions/subscription.reader.js';
import { type RecoveryOutput } from './recoveries.dto.js';
import { type RecoveryRow } from './recovery.stream.js';

/** A row with its progress. */
type RecoveryWithProgress = RecoveryRow & { examined: number; queued: number };

const RECOVERIES = `
  SELECT r.*, coalesce(p.examined, 0) AS examined, coalesce(p.queued, 0) AS queued
  FROM webhook_recoveries r LEFT JOIN webhook_recovery_progress p
    ON p.organization_id = r.organization_id AND p.recovery_id = r.id
  WHERE r.organization_id = $1 AND r.subscription_id = $2 AND ${SUBSCRIPTION_EXISTS}`;

/** Reads recoveries as the API shows them. */
@Injectable()
export class RecoveryReader {
  constructor(
    private readonly database: Database,
    private readonly subscriptions: SubscriptionReader,
  ) {}

  /** @throws {DomainError} `not-found`, also when the subscription does not exist */
  async get(organizationId: string, subscriptionId: string, id: string): Promise<RecoveryOutput> {
    const [found] = await this.read(organizationId, 'r.id = $3', [organizationId, subscriptionId, id]);
    if (found) return found;
    await this.subscriptions.mustExist(organizationId, subscriptionId);
    throw notFound('Webhook recovery', id);
  }

  /** @param condition in SQL, on a recovery `r`; `values` begin with the organization and the subscription */
  async read(organizationId: string, condition: string, values: unknown[]): Promise<RecoveryOutput[]> {
    const text = `${RECOVERIES} AND ${condition}`;
    return (await this.database.query<RecoveryWithProgress>(organizationId, { text, values })).map(shownRecovery);
  }
}

function shownRecovery(row: RecoveryWithProgress): RecoveryOutput {
  return {
    id: row.id,
    since: row.since.toISOString(),
    until: row.until.toISOString(),
    onlyMissing: row.only_missing,
    state: row.finished_at ? 'finished' : 'running',
    examined: row.examined,
    queued: row.queued,
    requestedAt: row.requested_at.toISOString(),
    requestedBy: row.requested_by,
    ...(row.finished_at && { finishedAt: row.finished_at.toISOString() }),
  };
}
