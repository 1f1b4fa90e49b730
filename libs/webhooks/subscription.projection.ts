import { Column, Entity, PrimaryColumn } from 'typeorm';
import { secretContext } from '#libs/event-store/event-codec.js';
import { type Projection, type StreamDefinition, streamName } from '#libs/event-store/stream-definition.js';
import { type Cipher } from '#libs/platform/cipher.js';
import { type Filters } from './filters.js';
import {
  type Authorization,
  type DisabledReason,
  evolveSubscription,
  type Ordering,
  type PreviousSecret,
  type RotatedSubscription,
  stillCounting,
  type SubscriptionEvent,
} from './subscription.js';

/** The read table of webhook subscriptions. What is secret in the events is as sealed here. */
@Entity('webhook_subscriptions')
export class SubscriptionRow {
  @PrimaryColumn('uuid', { name: 'organization_id' }) organizationId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('text') name: string;
  @Column('text') url: string;
  @Column('text', { array: true }) events: string[];
  @Column('boolean') enabled: boolean;
  @Column('text') authorization: string;
  @Column('text', { name: 'custom_headers' }) customHeaders: string;
  @Column('text', { name: 'secret_key' }) secretKey: string;
  /** Keys that were replaced, sealed, the newest first; those whose time was over at the last rotation are left out. */
  @Column('jsonb', { name: 'previous_secrets' }) previousSecrets: PreviousSecret[];
  @Column('jsonb') filters: Record<string, Filters>;
  @Column('text') ordering: Ordering;
  @Column('integer', { name: 'max_per_second', nullable: true }) maxPerSecond: number | null;
  /** Failures and pauses from before count no longer: it was enabled, pointed elsewhere or put in another order then. */
  @Column('text', { name: 'disabled_reason', nullable: true }) disabledReason: DisabledReason | null;
  @Column('timestamptz', { name: 'failures_count_from' }) failuresCountFrom: Date;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('uuid', { name: 'created_by' }) createdBy: string;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
  @Column('uuid', { name: 'updated_by' }) updatedBy: string;
}

const subscriptionProjection: Projection<SubscriptionEvent> = {
  table: 'webhook_subscriptions',
  apply: (event) => {
    const { organizationId, sealed, recordedAt, metadata } = event;
    switch (event.type) {
      case 'WebhookSubscriptionCreated': {
        const { id, name, url, events, enabled, filters, ordering, maxPerSecond } = event.data;
        return [
          {
            text: `INSERT INTO webhook_subscriptions (organization_id, id, name, url, events, enabled, filters, "authorization",
                     custom_headers, secret_key, created_at, created_by, updated_at, updated_by, failures_count_from, ordering,
                     max_per_second)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $12, $11, $13, $14)`,
            values: [
              ...[organizationId, id, name, url, events, enabled, filters],
              ...[sealed.authorization, sealed.customHeaders, sealed.secretKey, recordedAt, metadata.actorId],
              ...[ordering, maxPerSecond],
            ],
          },
        ];
      }
      case 'WebhookSubscriptionUpdated': {
        const { id, name, url, events, enabled, filters, ordering, maxPerSecond } = event.data;
        return [
          {
            text: `UPDATE webhook_subscriptions SET name = coalesce($3, name), url = coalesce($4, url),
                     events = coalesce($5, events), enabled = coalesce($6, enabled),
                     disabled_reason = CASE WHEN $6 THEN NULL ELSE disabled_reason END, filters = coalesce($7, filters),
                     "authorization" = coalesce($8, "authorization"), custom_headers = coalesce($9, custom_headers),
                     updated_at = $10, updated_by = $11, ordering = coalesce($12, ordering),
                     max_per_second = CASE WHEN $13 THEN $14 ELSE max_per_second END,
                     failures_count_from = CASE WHEN $15 THEN $10 ELSE failures_count_from END
                   WHERE organization_id = $1 AND id = $2`,
            values: [
              ...[organizationId, id, name, url, events, enabled, filters],
              ...[sealed.authorization, sealed.customHeaders, recordedAt, metadata.actorId, ordering],
              ...[
                maxPerSecond !== undefined,
                maxPerSecond,
                enabled === true || url !== undefined || ordering !== undefined,
              ],
            ],
          },
        ];
      }
      case 'WebhookSecretRotated':
        return [
          {
            text: `UPDATE webhook_subscriptions SET secret_key = $4, updated_at = $5, updated_by = $6,
                     previous_secrets = jsonb_build_array(jsonb_build_object('secretKey', secret_key, 'until', $3::text))
                       || CASE WHEN $7 THEN '[]' ELSE jsonb_path_query_array(previous_secrets, '$[*] ? (@.until > $now)',
                         jsonb_build_object('now', $8::text)) END
                   WHERE organization_id = $1 AND id = $2`,
            values: [
              ...[organizationId, event.data.id, event.data.previousUntil],
              ...[sealed.secretKey, recordedAt, metadata.actorId, event.data.endsEarlier === true],
              // Instants are all spelled alike, and so compare as texts.
              recordedAt.toISOString(),
            ],
          },
        ];
      case 'WebhookSubscriptionDisabled':
        return [
          {
            text: `UPDATE webhook_subscriptions SET enabled = false, disabled_reason = $5, updated_at = $3,
                     updated_by = $4
                   WHERE organization_id = $1 AND id = $2`,
            values: [organizationId, event.data.id, recordedAt, metadata.actorId, event.data.reason],
          },
        ];
      case 'WebhookSubscriptionDeleted':
        return [
          {
            text: 'DELETE FROM webhook_subscriptions WHERE organization_id = $1 AND id = $2',
            values: [organizationId, event.data.id],
          },
        ];
    }
  },
};

export const subscriptionStream: StreamDefinition<RotatedSubscription | undefined, SubscriptionEvent> = {
  category: 'webhookSubscription',
  types: {
    WebhookSubscriptionCreated: true,
    WebhookSubscriptionUpdated: true,
    WebhookSecretRotated: true,
    WebhookSubscriptionDisabled: true,
    WebhookSubscriptionDeleted: true,
  },
  initialState: undefined,
  evolve: evolveSubscription,
  projections: [subscriptionProjection],
  secrets: {
    WebhookSubscriptionCreated: ['authorization', 'customHeaders', 'secretKey'],
    WebhookSubscriptionUpdated: ['authorization', 'customHeaders'],
    WebhookSecretRotated: ['secretKey'],
  },
  upcasters: {
    WebhookSubscriptionCreated: [(data: object) => ({ ...data, ordering: 'unordered', maxPerSecond: null })],
    // Whoever rotated then may have done so because an earlier key had leaked.
    WebhookSecretRotated: [(data: object) => ({ ...data, endsEarlier: true })],
  },
};

/** The secrets of a subscription in clear. */
export interface SubscriptionSecrets {
  authorization: Authorization;
  customHeaders: Record<string, string>;
  secretKey: string;
  /** Those that still counted when they were opened, the newest first. */
  previousSecrets: PreviousSecret[];
}

/** Opens what the row keeps sealed. */
export function openSecrets(
  cipher: Cipher,
  row: Pick<SubscriptionRow, 'organizationId' | 'id' | keyof SubscriptionSecrets>,
  now = new Date(),
): SubscriptionSecrets {
  const stream = streamName(subscriptionStream, row.id);
  const open = (sealed: string, field: string): unknown =>
    JSON.parse(cipher.open(sealed, secretContext(row.organizationId, stream, field)));
  return {
    authorization: open(row.authorization, 'authorization') as Authorization,
    customHeaders: open(row.customHeaders, 'customHeaders') as Record<string, string>,
    secretKey: open(row.secretKey, 'secretKey') as string,
    previousSecrets: stillCounting(row.previousSecrets, now).map(({ secretKey, until }) => ({
      secretKey: open(secretKey, 'secretKey') as string,
      until,
    })),
  };
}
