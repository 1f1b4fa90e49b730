import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler, type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { type WriteContext } from '#libs/event-store/event.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { Cipher } from '#libs/platform/cipher.js';
import { Database } from '#libs/platform/database.js';
import { notFound } from '#libs/platform/domain-error.js';
import { subscriberHeaders } from './headers.js';
import { decideSubscription, type SubscriptionSettings } from './subscription.js';
import { openSecrets, SubscriptionRow, subscriptionStream } from './subscription.projection.js';
import { type WebhookSubscriptionOutput } from './webhooks.dto.js';

/** Answers the new subscription with its generated secret key. */
export class CreateSubscription extends Command<WebhookSubscriptionOutput> {
  constructor(
    readonly context: WriteContext,
    readonly settings: SubscriptionSettings,
  ) {
    super();
  }
}

/** Changes the settings that are named, and answers the subscription as it is then. */
export class UpdateSubscription extends Command<WebhookSubscriptionOutput> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
    readonly changes: Partial<SubscriptionSettings>,
  ) {
    super();
  }
}

export class DeleteSubscription extends Command<void> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
  ) {
    super();
  }
}

export class GetSubscription extends Query<WebhookSubscriptionOutput> {
  constructor(
    readonly organizationId: string,
    readonly id: string,
  ) {
    super();
  }
}

/** All subscriptions, oldest first. */
export class ListSubscriptions extends Query<WebhookSubscriptionOutput[]> {
  constructor(readonly organizationId: string) {
    super();
  }
}

/** Reads subscriptions as the API shows them. */
@Injectable()
export class SubscriptionReader {
  constructor(
    private readonly database: Database,
    private readonly cipher: Cipher,
  ) {}

  async get(organizationId: string, id: string): Promise<WebhookSubscriptionOutput> {
    const row = await this.database.reader(organizationId).findOneBy(SubscriptionRow, { organizationId, id });
    if (!row) throw notFound('Webhook subscription', id);
    return this.#shown(row);
  }

  async list(organizationId: string): Promise<WebhookSubscriptionOutput[]> {
    const rows = await this.database
      .reader(organizationId)
      .find(SubscriptionRow, { where: { organizationId }, order: { createdAt: 'ASC', id: 'ASC' } });
    return rows.map((row) => this.#shown(row));
  }

  #shown(row: SubscriptionRow): WebhookSubscriptionOutput {
    const { authorization, customHeaders, secretKey } = openSecrets(this.cipher, row);
    return {
      id: row.id,
      name: row.name,
      subscribedEvents: row.events,
      url: row.url,
      headers: subscriberHeaders(authorization, customHeaders),
      secretKey,
      enabled: row.enabled,
      createdAt: row.createdAt.toISOString(),
      createdBy: row.createdBy,
      updatedAt: row.updatedAt.toISOString(),
      updatedBy: row.updatedBy,
      ...(Object.keys(row.filters).length > 0 && { filters: row.filters }),
    };
  }
}

@CommandHandler(CreateSubscription)
export class CreateSubscriptionHandler implements ICommandHandler<CreateSubscription> {
  constructor(
    private readonly store: EventStore,
    private readonly reader: SubscriptionReader,
  ) {}

  async execute({ context, settings }: CreateSubscription): Promise<WebhookSubscriptionOutput> {
    const id = randomUUIDv7();
    const subscription = { id, ...settings, secretKey: randomBytes(32).toString('hex') };
    const command = { type: 'CreateSubscription', subscription } as const;
    await this.store.create(subscriptionStream, id, context, (state) => decideSubscription(command, state));
    return this.reader.get(context.organizationId, id);
  }
}

@CommandHandler(UpdateSubscription)
export class UpdateSubscriptionHandler implements ICommandHandler<UpdateSubscription> {
  constructor(
    private readonly store: EventStore,
    private readonly reader: SubscriptionReader,
  ) {}

  async execute({ context, id, changes }: UpdateSubscription): Promise<WebhookSubscriptionOutput> {
    const command = { type: 'UpdateSubscription', id, changes } as const;
    await this.store.execute(subscriptionStream, id, context, (state) => decideSubscription(command, state));
    return this.reader.get(context.organizationId, id);
  }
}

@CommandHandler(DeleteSubscription)
export class DeleteSubscriptionHandler implements ICommandHandler<DeleteSubscription> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, id }: DeleteSubscription): Promise<void> {
    const command = { type: 'DeleteSubscription', id } as const;
    await this.store.execute(subscriptionStream, id, context, (state) => decideSubscription(command, state));
  }
}

@QueryHandler(GetSubscription)
export class GetSubscriptionHandler implements IQueryHandler<GetSubscription> {
  constructor(private readonly reader: SubscriptionReader) {}

  async execute({ organizationId, id }: GetSubscription): Promise<WebhookSubscriptionOutput> {
    return this.reader.get(organizationId, id);
  }
}

@QueryHandler(ListSubscriptions)
export class ListSubscriptionsHandler implements IQueryHandler<ListSubscriptions> {
  constructor(private readonly reader: SubscriptionReader) {}

  async execute({ organizationId }: ListSubscriptions): Promise<WebhookSubscriptionOutput[]> {
    return this.reader.list(organizationId);
  }
}
