import { Injectable } from '@nestjs/common';
import { Cipher } from '#libs/platform/cipher.js';
import { Database } from '#libs/platform/database.js';
import { notFound } from '#libs/platform/domain-error.js';
import { subscriberHeaders } from './headers.js';
import { HealthRow, shownHealth } from './shown-health.js';
import { openSecrets, SubscriptionRow } from './subscription.projection.js';
import { type WebhookSubscriptionOutput } from './subscription-outputs.dto.js';

type RowWithHealth = SubscriptionRow & { health?: HealthRow | null };

/** That a subscription exists, as a condition in SQL; its organization is `$1`, its id `$2`. */
export const SUBSCRIPTION_EXISTS = 'EXISTS (SELECT FROM webhook_subscriptions WHERE organization_id = $1 AND id = $2)';

/** Reads subscriptions as the API shows them. */
@Injectable()
export class SubscriptionReader {
  constructor(
    private readonly database: Database,
    private readonly cipher: Cipher,
  ) {}

  /**
   * @param inClear whether secrets and the values of headers are shown
   * @throws {DomainError} `not-found`
   */
  async get(organizationId: string, id: string, inClear: boolean): Promise<WebhookSubscriptionOutput> {
    return this.#shown(await this.row(organizationId, id), inClear);
  }

  /** Oldest first. @param inClear whether secrets and the values of headers are shown */
  async list(organizationId: string, inClear: boolean): Promise<WebhookSubscriptionOutput[]> {
    const rows = await this.#rows(organizationId)
      .orderBy({ 'subscription.createdAt': 'ASC', 'subscription.id': 'ASC' })
      .getMany();
    return rows.map((row) => this.#shown(row, inClear));
  }

  /** @throws {DomainError} `not-found` */
  async row(organizationId: string, id: string): Promise<RowWithHealth> {
    const row = await this.#rows(organizationId).andWhere({ id }).getOne();
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

  #rows(organizationId: string) {
    return this.database
      .reader(organizationId)
      .createQueryBuilder(SubscriptionRow, 'subscription')
      .leftJoinAndMapOne(
        'subscription.health',
        HealthRow,
        'health',
        'health.organizationId = subscription.organizationId AND health.subscriptionId = subscription.id',
      )
      .where({ organizationId });
  }

  #shown(row: RowWithHealth, inClear: boolean): WebhookSubscriptionOutput {
    const now = new Date();
    const { authorization, customHeaders, secretKey, previousSecretKey } = openSecrets(this.cipher, row, now);
    const headers = subscriberHeaders(authorization, customHeaders);
    return {
      id: row.id,
      name: row.name,
      subscribedEvents: row.events,
      url: row.url,
      headers: inClear ? headers : masked(headers),
      secretKey: inClear ? secretKey : MASK,
      ...(previousSecretKey && { previousSecretUntil: row.previousSecretUntil?.toISOString() }),
      enabled: row.enabled,
      ...(row.disabledReason && { disabledReason: row.disabledReason }),
      ordering: row.ordering,
      maxPerSecond: row.maxPerSecond,
      health: shownHealth(row.health, row, now),
      createdAt: row.createdAt.toISOString(),
      createdBy: row.createdBy,
      updatedAt: row.updatedAt.toISOString(),
      updatedBy: row.updatedBy,
      ...(Object.keys(row.filters).length > 0 && { filters: row.filters }),
    };
  }
}

/** What those see of a secret who may not know it. */
const MASK = '***';

function masked(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, MASK]));
}
