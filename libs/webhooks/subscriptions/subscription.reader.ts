import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database/database.js';
import { PastStreams } from '#libs/event-store/past-streams.js';
import { Cipher } from '#libs/platform/cipher.js';
import { notFound } from '#libs/platform/domain-error.js';
import { MASK, masked } from '#libs/platform/masked.js';
import { pastSubscription } from './past-subscription.shown.js';
import { HEALTH_COLUMNS, type HealthRow, shownHealth } from './receiver-health.shown.js';
import { shownOverlap, shownSettings } from './subscription-settings.shown.js';
import { subscriberHeaders } from './subscriber-headers.rules.js';
import { type WebhookSubscriptionOutput } from './subscription-outputs.dto.js';
import { openSecrets, SUBSCRIPTION_COLUMNS, type SubscriptionRow, subscriptionStream } from './subscription.stream.js';

type RowWithHealth = SubscriptionRow & HealthRow;

/** SQL condition that a subscription exists; its organization is `$1`, its id `$2`. */
export const SUBSCRIPTION_EXISTS = 'EXISTS (SELECT FROM webhook_subscriptions WHERE organization_id = $1 AND id = $2)';

/** Reads subscriptions as the API shows them. */
@Injectable()
export class SubscriptionReader {
  constructor(
    private readonly database: Database,
    private readonly cipher: Cipher,
    private readonly past: PastStreams,
  ) {}

  /**
   * @param inClear whether secrets and the values of headers are shown
   * @throws {DomainError} `not-found`
   */
  async get(organizationId: string, id: string, inClear: boolean): Promise<WebhookSubscriptionOutput> {
    return this.#shown(await this.row(organizationId, id), inClear);
  }

  /** Returns it as it was then, without secrets and health. @throws {DomainError} `not-found` */
  async getAsOf(organizationId: string, id: string, asOf: Date): Promise<WebhookSubscriptionOutput> {
    const { state } = await this.past.existing(subscriptionStream, 'Webhook subscription', id, organizationId, asOf);
    return pastSubscription(state, asOf);
  }

  /** Returns all, oldest first. @param inClear whether secrets and the values of headers are shown */
  async list(organizationId: string, inClear: boolean): Promise<WebhookSubscriptionOutput[]> {
    const rows = await this.#rows(organizationId, 'ORDER BY s.created_at, s.id');
    return rows.map((row) => this.#shown(row, inClear));
  }

  /** @throws {DomainError} `not-found` */
  async row(organizationId: string, id: string): Promise<RowWithHealth> {
    const [row] = await this.#rows(organizationId, 'AND s.id = $2', id);
    if (!row) throw notFound('Webhook subscription', id);
    return row;
  }

  /** @throws {DomainError} `not-found` */
  async mustExist(organizationId: string, id: string): Promise<void> {
    const [row] = await this.database.query<{ exists: boolean }>(organizationId, {
      text: `SELECT ${SUBSCRIPTION_EXISTS} AS exists`,
      values: [organizationId, id],
    });
    if (!row?.exists) throw notFound('Webhook subscription', id);
  }

  /** @param rest the rest of the statement after its condition on the organization */
  #rows(organizationId: string, rest: string, ...values: string[]): Promise<RowWithHealth[]> {
    return this.database.query<RowWithHealth>(organizationId, {
      text: `SELECT ${SUBSCRIPTION_COLUMNS}, ${HEALTH_COLUMNS} FROM webhook_subscriptions s
             LEFT JOIN webhook_health h ON h.organization_id = s.organization_id AND h.subscription_id = s.id
             WHERE s.organization_id = $1 ${rest}`,
      values: [organizationId, ...values],
    });
  }

  #shown(row: RowWithHealth, inClear: boolean): WebhookSubscriptionOutput {
    const now = new Date();
    const { authorization, customHeaders, secretKey } = openSecrets(this.cipher, row, now);
    const headers = subscriberHeaders(authorization, customHeaders);
    return {
      ...shownSettings(row),
      headers: inClear ? headers : masked(headers),
      secretKey: inClear ? secretKey : MASK,
      ...shownOverlap(row.previousSecrets, now),
      ...(row.disabledReason && { disabledReason: row.disabledReason }),
      health: shownHealth(row, row, now),
      createdAt: row.createdAt.toISOString(),
      createdBy: row.createdBy,
      updatedAt: row.updatedAt.toISOString(),
      updatedBy: row.updatedBy,
    };
  }
}
