import { Column, Entity, PrimaryColumn } from 'typeorm';
import { secretContext } from '#libs/event-store/event-codec.js';
import { type Projection, type StreamDefinition, streamName } from '#libs/event-store/stream-definition.js';
import { type Cipher } from '#libs/platform/cipher.js';
import { type Filters } from './filters.js';
import { type Authorization, evolveSubscription, type Subscription, type SubscriptionEvent } from './subscription.js';

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
  @Column('jsonb') filters: Record<string, Filters>;
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
        const { id, name, url, events, enabled, filters } = event.data;
        return [
          {
            text: `INSERT INTO webhook_subscriptions (organization_id, id, name, url, events, enabled, filters, "authorization",
                     custom_headers, secret_key, created_at, created_by, updated_at, updated_by)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $12)`,
            values: [
              ...[organizationId, id, name, url, events, enabled, filters],
              ...[sealed.authorization, sealed.customHeaders, sealed.secretKey, recordedAt, metadata.actorId],
            ],
          },
        ];
      }
      case 'WebhookSubscriptionUpdated': {
        const { id, name, url, events, enabled, filters } = event.data;
        return [
          {
            text: `UPDATE webhook_subscriptions SET name = coalesce($3, name), url = coalesce($4, url),
                     events = coalesce($5, events), enabled = coalesce($6, enabled), filters = coalesce($7, filters),
                     "authorization" = coalesce($8, "authorization"), custom_headers = coalesce($9, custom_headers),
                     updated_at = $10, updated_by = $11
                   WHERE organization_id = $1 AND id = $2`,
            values: [
              ...[organizationId, id, name, url, events, enabled, filters],
              ...[sealed.authorization, sealed.customHeaders, recordedAt, metadata.actorId],
            ],
          },
        ];
      }
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

export const subscriptionStream: StreamDefinition<Subscription | undefined, SubscriptionEvent> = {
  category: 'webhookSubscription',
  initialState: undefined,
  evolve: evolveSubscription,
  projections: [subscriptionProjection],
  secrets: {
    WebhookSubscriptionCreated: ['authorization', 'customHeaders', 'secretKey'],
    WebhookSubscriptionUpdated: ['authorization', 'customHeaders'],
  },
};

/** The secrets of a subscription in clear. */
export interface SubscriptionSecrets {
  authorization: Authorization;
  customHeaders: Record<string, string>;
  secretKey: string;
}

/** Opens what the row keeps sealed. */
export function openSecrets(
  cipher: Cipher,
  row: Pick<SubscriptionRow, 'organizationId' | 'id' | keyof SubscriptionSecrets>,
): SubscriptionSecrets {
  const stream = streamName(subscriptionStream, row.id);
  const open = (field: keyof SubscriptionSecrets): unknown =>
    JSON.parse(cipher.open(row[field], secretContext(row.organizationId, stream, field)));
  return {
    authorization: open('authorization') as Authorization,
    customHeaders: open('customHeaders') as Record<string, string>,
    secretKey: open('secretKey') as string,
  };
}
