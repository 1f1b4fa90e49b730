import { Injectable } from '@nestjs/common';
import { type Statement } from '#libs/database/batch.js';
import { Database } from '#libs/database/database.js';
import { notFound } from '#libs/platform/domain-error.js';
import { type Scope } from '#libs/platform/scopes.js';
import { type Outcome } from '../delivery/sending/attempt.js';
import { shownAttempt } from '../subscriptions/subscription-outputs.dto.js';
import { SUBSCRIPTION_EXISTS, SubscriptionReader } from '../subscriptions/subscription.reader.js';
import { type CancelReason, type DeliveryDetailsOutput, type DeliveryState } from './deliveries.dto.js';
import { ShownPayload } from './payload-and-response.shown.js';

/** A row of {@link COLUMNS}. */
export interface DeliveryRow {
  event_id: string;
  event_name: string;
  position: number;
  state: DeliveryState;
  attempts: number;
  created_at: Date;
  due_at: Date | null;
  finished_at: Date | null;
  cancel_reason: CancelReason | null;
}

interface AttemptRow {
  number: number;
  outcome: Outcome;
  started_at: Date;
  duration_ms: number;
  response_code: number | null;
  response_text: string;
}

/** SQL for what the API shows of a delivery `d`. */
export const COLUMNS = `d.event_id, d.event_name, d.position, d.state, d.attempts, d.created_at, d.finished_at,
  d.cancel_reason,
  CASE WHEN d.state = 'pending' AND isfinite(d.next_attempt_at) THEN d.next_attempt_at END AS due_at`;
/** SQL for its creation to the microsecond, which a JavaScript date lacks. */
export const CREATED_KEY = `to_char(d.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_key`;
const MAX_ATTEMPTS = 100;

/** Reads a delivery as the API shows it. */
@Injectable()
export class DeliveryReader {
  constructor(
    private readonly database: Database,
    private readonly subscriptions: SubscriptionReader,
  ) {}

  /**
   * @param granted scopes of the reader's token: see {@link ShownPayload}
   * @throws {DomainError} `not-found`, also when the subscription does not exist
   */
  async get(
    organizationId: string,
    subscriptionId: string,
    id: string,
    granted: readonly Scope[],
  ): Promise<DeliveryDetailsOutput> {
    const [found, attempts] = await this.database.transact(organizationId, [
      deliveryById(organizationId, subscriptionId, id, PAYLOAD),
      latestAttempts(organizationId, subscriptionId, id),
    ]);
    const [row] = found?.rows as (DeliveryRow & { payload: string | null })[];
    if (!row) {
      await this.subscriptions.mustExist(organizationId, subscriptionId);
      throw notFound('Delivery', id);
    }
    const shown = new ShownPayload(row.event_name, granted);
    const attemptLog = (attempts?.rows as AttemptRow[]).map((attempt) => shownLogEntry(attempt, shown));
    return { ...shownDelivery(row), payload: shown.payload(row.payload), attemptLog };
  }
}

/** Returns a query for a {@link DeliveryRow}; none if it or the subscription does not exist. @param more columns */
export function deliveryById(organizationId: string, subscriptionId: string, id: string, more = ''): Statement {
  return {
    text: `SELECT ${COLUMNS}${more} FROM webhook_deliveries d
           WHERE d.organization_id = $1 AND d.subscription_id = $2 AND d.event_id = $3 AND ${SUBSCRIPTION_EXISTS}`,
    values: [organizationId, subscriptionId, id],
  };
}

const PAYLOAD = `, (SELECT body FROM webhook_messages m
  WHERE m.organization_id = d.organization_id AND m.event_id = d.event_id) AS payload`;

/** Selects the latest, oldest first. */
function latestAttempts(organizationId: string, subscriptionId: string, id: string): Statement {
  return {
    text: `SELECT * FROM (
             SELECT id, number, outcome, started_at, duration_ms, response_code, response_text FROM webhook_attempts
             WHERE organization_id = $1 AND subscription_id = $2 AND event_id = $3 ORDER BY id DESC LIMIT ${MAX_ATTEMPTS}
           ) AS latest ORDER BY id`,
    values: [organizationId, subscriptionId, id],
  };
}

export function shownDelivery(row: DeliveryRow) {
  return {
    id: row.event_id,
    event: row.event_name,
    state: row.state,
    attempts: row.attempts,
    createdAt: row.created_at.toISOString(),
    ...(row.due_at && { nextAttemptAt: row.due_at.toISOString() }),
    ...(row.finished_at && { finishedAt: row.finished_at.toISOString() }),
    ...(row.cancel_reason && { cancelReason: row.cancel_reason }),
  };
}

function shownLogEntry(row: AttemptRow, shown: ShownPayload) {
  const attempt = shownAttempt({
    outcome: row.outcome,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    responseCode: row.response_code ?? undefined,
    responseText: shown.responseText(row.response_text, row.response_code),
  });
  return { number: row.number, ...attempt };
}
