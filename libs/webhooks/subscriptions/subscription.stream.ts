import { type Statement } from '#libs/database/batch.js';
import { secretContext } from '#libs/event-store/event-codec.js';
import { type Projection, type StreamDefinition, streamName } from '#libs/event-store/stream-definition.js';
import { countUpTo, roomFor } from '#libs/organizations/entity-limit.published.js';
import { type Cipher } from '#libs/platform/cipher.js';
import { type Filters } from '../events/filters.rules.js';
import {
  MAX_SUBSCRIPTIONS,
  type Authorization,
  type DisabledReason,
  decideSubscription,
  evolveSubscription,
  type SubscriptionCommand,
  type Ordering,
  type PreviousSecret,
  type RotatedSubscription,
  stillCounting,
  type SubscriptionEvent,
} from './subscription.rules.js';

/** A row of the read table of webhook subscriptions. Secrets are sealed as in the events. */
export interface SubscriptionRow {
  organizationId: string;
  id: string;
  name: string;
  url: string;
  events: string[];
  enabled: boolean;
  authorization: string;
  customHeaders: string;
  secretKey: string;
  /** Replaced keys, sealed, the newest first; without those that had ended at the last rotation. */
  previousSecrets: PreviousSecret[];
  filters: Record<string, Filters>;
  ordering: Ordering;
  maxPerSecond: number | null;
  disabledReason: DisabledReason | null;
  /** Earlier failures and pauses do not count: it was then enabled, redirected or reordered. */
  failuresCountFrom: Date;
  createdAt: Date;
  createdBy: string;
  updatedAt: Date;
  updatedBy: string;
}

/** The columns of a {@link SubscriptionRow}, of a table `s`. */
export const SUBSCRIPTION_COLUMNS = `s.organization_id AS "organizationId", s.id, s.name, s.url, s.events, s.enabled,
  s."authorization", s.custom_headers AS "customHeaders", s.secret_key AS "secretKey",
  s.previous_secrets AS "previousSecrets", s.filters, s.ordering, s.max_per_second AS "maxPerSecond",
  s.disabled_reason AS "disabledReason", s.failures_count_from AS "failuresCountFrom", s.created_at AS "createdAt",
  s.created_by AS "createdBy", s.updated_at AS "updatedAt", s.updated_by AS "updatedBy"`;

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
              // All instants have the same format, and so compare as texts.
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

export const subscriptionStream: StreamDefinition<
  RotatedSubscription | undefined,
  SubscriptionEvent,
  SubscriptionCommand
> = {
  category: 'webhookSubscription',
  types: {
    WebhookSubscriptionCreated: true,
    WebhookSubscriptionUpdated: true,
    WebhookSecretRotated: true,
    WebhookSubscriptionDisabled: true,
    WebhookSubscriptionDeleted: true,
  },
  initialState: undefined,
  shape: 1,
  creates: 'CreateSubscription',
  decide: decideSubscription,
  evolve: evolveSubscription,
  projections: [subscriptionProjection],
  secrets: {
    WebhookSubscriptionCreated: ['authorization', 'customHeaders', 'secretKey'],
    WebhookSubscriptionUpdated: ['authorization', 'customHeaders'],
    WebhookSecretRotated: ['secretKey'],
  },
  upcasters: {
    WebhookSubscriptionCreated: [(data: object) => ({ ...data, ordering: 'unordered', maxPerSecond: null })],
    // Such a rotation may have been made because an earlier key had leaked.
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

/** Returns a row's secrets in clear. */
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

/** Returns a query for an organization's number of subscriptions, at most {@link MAX_SUBSCRIPTIONS}: `{ count }`. */
export function existingSubscriptions(organizationId: string): Statement {
  return countUpTo('webhook_subscriptions', organizationId, MAX_SUBSCRIPTIONS);
}

/** Returns guards for the maximum number of subscriptions. Simultaneous creations wait for one another. */
export function roomForSubscription(organizationId: string): Statement[] {
  return roomFor('webhook_subscriptions', organizationId, MAX_SUBSCRIPTIONS);
}
