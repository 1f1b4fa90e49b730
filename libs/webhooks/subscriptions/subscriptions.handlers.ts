import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '#libs/database/database.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { invalidBody, notFound } from '#libs/platform/domain-error.js';
import { command, query } from '#libs/platform/messages.js';
import { missingQueues } from '#libs/queues/queue.published.js';
import { SsrfGuard } from '../delivery/sending/ssrf-guard.js';
import { type Filters, queuesOf } from '../events/filters.rules.js';
import { askForReview } from './cancellation.published.js';
import { type WebhookSubscriptionOutput } from './subscription-outputs.dto.js';
import { SubscriptionReader } from './subscription.reader.js';
import { type SubscriptionSettings } from './subscription.rules.js';
import { existingSubscriptions, roomForSubscription, subscriptionStream } from './subscription.stream.js';

/** Creates a subscription, and returns it with its generated secret key. Its URL must be an allowed target. */
export class CreateSubscription extends command<
  { context: WriteContext; settings: SubscriptionSettings },
  WebhookSubscriptionOutput
>() {}

/**
 * Changes the given settings, and returns the changed subscription. A new URL is checked, too. Pending deliveries that
 * `events` and `filters` no longer include are cancelled soon after.
 */
export class UpdateSubscription extends command<
  { context: WriteContext; id: string; changes: Partial<SubscriptionSettings> },
  WebhookSubscriptionOutput
>() {}

/** Generates a secret key, and returns it. The current one also signs for some hours; earlier ones keep their time. */
export class RotateSecret extends command<
  { context: WriteContext; id: string; overlapHours: number },
  WebhookSubscriptionOutput
>() {}

export class DeleteSubscription extends command<{ context: WriteContext; id: string }>() {}

/** A subscription now, with secrets only if `inClear`; or as it was at `asOf`, without secrets. */
export class GetSubscription extends query<
  { organizationId: string; id: string; inClear?: boolean; asOf?: Date },
  WebhookSubscriptionOutput
>() {}

/** All subscriptions, oldest first; with their secrets only if `inClear`. */
export class ListSubscriptions extends query<
  { organizationId: string; inClear?: boolean },
  WebhookSubscriptionOutput[]
>() {}

const HOUR_MS = 3_600_000;

function newSecretKey(): string {
  return randomBytes(32).toString('hex');
}

/** Returns the URL to store, which is the exact text that has been checked. */
async function allowedUrl(targets: SsrfGuard, text: string): Promise<string> {
  const url = text.trim();
  const fault = await targets.check(url);
  if (fault) throw invalidBody([{ path: 'url', message: fault }]);
  return url;
}

/** Checks queues: a filter by a missing one would suppress all events, or none. */
async function queuesMustExist(database: Database, organizationId: string, filters: Record<string, Filters> = {}) {
  const [missing] = await missingQueues(database, organizationId, queuesOf(filters));
  if (missing !== undefined) throw notFound('Queue', missing);
}

@CommandHandler(CreateSubscription)
export class CreateSubscriptionHandler implements ICommandHandler<CreateSubscription> {
  constructor(
    private readonly store: EventStore,
    private readonly reader: SubscriptionReader,
    private readonly targets: SsrfGuard,
    private readonly database: Database,
  ) {}

  async execute({ context, settings }: CreateSubscription): Promise<WebhookSubscriptionOutput> {
    const url = await allowedUrl(this.targets, settings.url);
    await queuesMustExist(this.database, context.organizationId, settings.filters);
    const id = randomUUIDv7();
    const subscription = { id, ...settings, url, secretKey: newSecretKey() };
    const { organizationId } = context;
    await this.store.retrying(async () => {
      const [row] = await this.database.query<{ count: number }>(organizationId, existingSubscriptions(organizationId));
      const command = { type: 'CreateSubscription', subscription, existing: row?.count ?? 0 } as const;
      const guards = roomForSubscription(organizationId);
      await this.store.handle(subscriptionStream, id, context, command, () => guards);
    });
    return this.reader.get(context.organizationId, id, true);
  }
}

@CommandHandler(UpdateSubscription)
export class UpdateSubscriptionHandler implements ICommandHandler<UpdateSubscription> {
  constructor(
    private readonly store: EventStore,
    private readonly reader: SubscriptionReader,
    private readonly targets: SsrfGuard,
    private readonly database: Database,
  ) {}

  async execute({ context, id, changes }: UpdateSubscription): Promise<WebhookSubscriptionOutput> {
    const url = changes.url === undefined ? undefined : await allowedUrl(this.targets, changes.url);
    await queuesMustExist(this.database, context.organizationId, changes.filters);
    const command = {
      type: 'UpdateSubscription',
      id,
      changes: { ...changes, ...(url !== undefined && { url }) },
    } as const;
    const selects = changes.events !== undefined || changes.filters !== undefined;
    const review = selects ? [askForReview(context.organizationId, id)] : [];
    await this.store.handle(subscriptionStream, id, context, command, () => review);
    return this.reader.get(context.organizationId, id, true);
  }
}

@CommandHandler(RotateSecret)
export class RotateSecretHandler implements ICommandHandler<RotateSecret> {
  constructor(
    private readonly store: EventStore,
    private readonly reader: SubscriptionReader,
  ) {}

  async execute({ context, id, overlapHours }: RotateSecret): Promise<WebhookSubscriptionOutput> {
    const now = new Date();
    const previousUntil = new Date(now.getTime() + overlapHours * HOUR_MS).toISOString();
    const command = { type: 'RotateSecret', id, secretKey: newSecretKey(), previousUntil, now } as const;
    await this.store.handle(subscriptionStream, id, context, command);
    return this.reader.get(context.organizationId, id, true);
  }
}

@CommandHandler(DeleteSubscription)
export class DeleteSubscriptionHandler implements ICommandHandler<DeleteSubscription> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, id }: DeleteSubscription): Promise<void> {
    const command = { type: 'DeleteSubscription', id } as const;
    await this.store.handle(subscriptionStream, id, context, command);
  }
}

@QueryHandler(GetSubscription)
export class GetSubscriptionHandler implements IQueryHandler<GetSubscription> {
  constructor(private readonly reader: SubscriptionReader) {}

  async execute({ organizationId, id, inClear = false, asOf }: GetSubscription): Promise<WebhookSubscriptionOutput> {
    return asOf ? this.reader.getAsOf(organizationId, id, asOf) : this.reader.get(organizationId, id, inClear);
  }
}

@QueryHandler(ListSubscriptions)
export class ListSubscriptionsHandler implements IQueryHandler<ListSubscriptions> {
  constructor(private readonly reader: SubscriptionReader) {}

  async execute({ organizationId, inClear = false }: ListSubscriptions): Promise<WebhookSubscriptionOutput[]> {
    return this.reader.list(organizationId, inClear);
  }
}
