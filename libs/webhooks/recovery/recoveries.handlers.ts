import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { type Statement } from '#libs/database/batch.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { invalidBody } from '#libs/platform/domain-error.js';
import { command, query } from '#libs/platform/messages.js';
import { WebhookOptions } from '../webhooks.settings.js';
import { SubscriptionReader } from '../subscriptions/subscription.reader.js';
import { type RecoveryOutput } from './recoveries.dto.js';
import { RecoveryReader } from './recovery.reader.js';
import { type RecoveryScope } from './recovery.rules.js';
import { recoveryStream } from './recovery.stream.js';

/** Requests the delivery of past events, and returns the recovery, or the one that runs for the same scope already. */
export class RequestRecovery extends command<
  { context: WriteContext; subscriptionId: string; scope: RecoveryScope },
  RecoveryOutput
>() {}

/** The latest recoveries of a subscription, newest first. */
export class ListRecoveries extends query<{ organizationId: string; subscriptionId: string }, RecoveryOutput[]>() {}

export class GetRecovery extends query<
  { organizationId: string; subscriptionId: string; id: string },
  RecoveryOutput
>() {}

/** SQL for the recoveries that run for the same scope. One that was requested without an end ends at its request. */
const RUNNING = `r.finished_at IS NULL AND r.since = $3 AND r.until = coalesce($4, r.requested_at) AND r.only_missing = $5`;
const MAX_LISTED = 100;
const DAY_MS = 86_400_000;

@CommandHandler(RequestRecovery)
export class RequestRecoveryHandler implements ICommandHandler<RequestRecovery> {
  constructor(
    private readonly store: EventStore,
    private readonly recoveries: RecoveryReader,
    private readonly subscriptions: SubscriptionReader,
    private readonly options: WebhookOptions,
  ) {}

  async execute({ context, subscriptionId, scope }: RequestRecovery): Promise<RecoveryOutput> {
    mustBePast(scope);
    mustBeKnown(scope, this.options.deliveryRetentionDays);
    const { organizationId } = context;
    const { since, until, onlyMissing } = scope;
    const scopeKey = [organizationId, subscriptionId, since, until, onlyMissing];
    return this.store.retrying(async () => {
      const [running] = await this.recoveries.read(organizationId, RUNNING, scopeKey);
      if (running) return running;
      await this.subscriptions.mustExist(organizationId, subscriptionId);
      const id = randomUUIDv7();
      const command = { type: 'RequestRecovery', id, subscriptionId, scope } as const;
      await this.store.handle(recoveryStream, id, context, command, () => onlyRunning(scopeKey));
      return this.recoveries.get(organizationId, subscriptionId, id);
    });
  }
}

@QueryHandler(ListRecoveries)
export class ListRecoveriesHandler implements IQueryHandler<ListRecoveries> {
  constructor(
    private readonly recoveries: RecoveryReader,
    private readonly subscriptions: SubscriptionReader,
  ) {}

  async execute({ organizationId, subscriptionId }: ListRecoveries): Promise<RecoveryOutput[]> {
    const latest = `true ORDER BY r.requested_at DESC, r.id DESC LIMIT ${MAX_LISTED}`;
    const found = await this.recoveries.read(organizationId, latest, [organizationId, subscriptionId]);
    if (found.length === 0) await this.subscriptions.mustExist(organizationId, subscriptionId);
    return found;
  }
}

@QueryHandler(GetRecovery)
export class GetRecoveryHandler implements IQueryHandler<GetRecovery> {
  constructor(private readonly recoveries: RecoveryReader) {}

  execute({ organizationId, subscriptionId, id }: GetRecovery): Promise<RecoveryOutput> {
    return this.recoveries.get(organizationId, subscriptionId, id);
  }
}

function mustBePast({ since, until }: RecoveryScope): void {
  const now = new Date().toISOString();
  const faults = [];
  if (until !== undefined && until > now) faults.push({ path: 'until', message: 'must not be in the future' });
  const late = until === undefined ? 'must be in the past' : 'must be before until';
  if (since >= (until ?? now)) faults.push({ path: 'since', message: late });
  if (faults.length > 0) throw invalidBody(faults);
}

/** Refuses earlier events: their deliveries are not kept, so missing ones are unknown. */
function mustBeKnown({ since, onlyMissing }: RecoveryScope, days: number): void {
  if (!onlyMissing || Date.parse(since) > Date.now() - days * DAY_MS) return;
  const message = `must be within the last ${days} days, for which deliveries are kept; or set onlyMissing to false`;
  throw invalidBody([{ path: 'since', message }]);
}

/** Returns guards: the subscription exists, and only one of simultaneous requests begins a recovery. */
function onlyRunning(scopeKey: unknown[]): Statement[] {
  return [
    {
      text: 'SELECT guard(EXISTS (SELECT FROM webhook_subscriptions WHERE organization_id = $1 AND id = $2 FOR UPDATE))',
      values: scopeKey.slice(0, 2),
    },
    {
      text: `SELECT guard((SELECT count(*) = 1 FROM webhook_recoveries r
             WHERE r.organization_id = $1 AND r.subscription_id = $2 AND ${RUNNING}))`,
      values: scopeKey,
    },
  ];
}
