import { randomUUID } from 'node:crypto';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { PresenceTimeout } from '#libs/agents/presence.rules.js';
import { Jobs } from '#libs/background/jobs.js';
import { Database, WorkerDatabase } from '#libs/database/database.js';
import { Notifications } from '#libs/database/notifications.js';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { EntityReader } from '#libs/event-store/entity-reader.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { PastStreams } from '#libs/event-store/past-streams.js';
import { FeedOptions } from '#libs/events/events.settings.js';
import { BulkRequests } from '#libs/http/bulk-requests.js';
import { Cipher } from '#libs/platform/cipher.js';
import { RateLimits } from '#libs/platform/rate-limits.js';
import { RELAY_CONSUMER } from '#libs/webhooks/log/redaction.published.js';
import { OperatorWebhook } from '#libs/webhooks/operator.settings.js';
import { WebhookOptions } from '#libs/webhooks/webhooks.settings.js';
import { Health } from './health.js';
import { type Runtime } from './runtime.js';

/** The root module: the roles of the process, the buses, and what the runtime has opened, for all of them. */
@Module({})
export class CoreModule {
  static forRoot(runtime: Runtime, roles: Type[]): DynamicModule {
    const { config, database, store, codec, cipher, notifications, worker } = runtime;
    const shared = new Map<unknown, unknown>([
      [Database, database],
      [EventStore, store],
      [EventCodec, codec],
      [EntityReader, new EntityReader(database, codec)],
      [PastStreams, new PastStreams(database, codec)],
      [BulkRequests, new BulkRequests(database)],
      [Cipher, cipher],
      [Notifications, notifications],
      [WebhookOptions, config.webhooks],
      [Health, new Health(runtime)],
      [OperatorWebhook, config.operator],
      [RateLimits, config.rateLimits],
      [FeedOptions, config.feed],
      [PresenceTimeout, new PresenceTimeout(config.presenceTimeoutSeconds)],
      ...(worker
        ? ([
            [WorkerDatabase, worker.database],
            [Jobs, worker.jobs],
            [Checkpoints, new Checkpoints(worker.database, RELAY_CONSUMER, randomUUID())],
          ] as const)
        : []),
    ]);
    const providers = [...shared].map(([provide, useValue]) => ({ provide: provide as never, useValue }));
    return {
      module: CoreModule,
      global: true,
      imports: [CqrsModule.forRoot(), ...roles],
      providers,
      exports: providers,
    };
  }
}
