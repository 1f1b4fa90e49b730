import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type SubscriptionRow } from './subscription.projection.js';

/** How the receiver of a subscription does; the worker writes it. */
@Entity('webhook_health')
export class HealthRow {
  @PrimaryColumn('uuid', { name: 'organization_id' }) organizationId: string;
  @PrimaryColumn('uuid', { name: 'subscription_id' }) subscriptionId: string;
  /** Of any time, -Infinity when there is none. */
  @Column('timestamptz', { name: 'paused_until' }) pausedUntil: Date | number;
  /** In a row, since the last success. */
  @Column('integer') failures: number;
  @Column('timestamptz', { name: 'failing_since', nullable: true }) failingSince: Date | null;
  /** The subscription's `failuresCountFrom` at that time. */
  @Column('timestamptz', { name: 'counts_from', nullable: true }) countsFrom: Date | null;
}

/** What counts of it for a subscription: what came before it was enabled, pointed elsewhere or put in another order does not. */
export function shownHealth(health: HealthRow | null | undefined, { failuresCountFrom }: SubscriptionRow, now: Date) {
  if (health?.countsFrom?.getTime() !== failuresCountFrom.getTime()) return { failures: 0 };
  const { failures, failingSince, pausedUntil } = health;
  const paused = typeof pausedUntil !== 'number' && pausedUntil > now;
  return {
    failures,
    ...(failingSince && { failingSince: failingSince.toISOString() }),
    ...(paused && { pausedUntil: pausedUntil.toISOString() }),
  };
}
