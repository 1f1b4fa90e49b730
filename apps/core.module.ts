import { randomUUID } from 'node:crypto';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { PresenceTimeout } from '#libs/agents/presence.js';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { EntityReader } from '#libs/event-store/entity-reader.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { FeedOptions } from '#libs/events/options.js';
import { PastStreams } from '#libs/event-store/past-streams.js';
import { Cipher } from '#libs/platform/cipher.js';
import { Database, WorkerDatabase } from '#libs/platform/database.js';
import { BulkRequests } from '#libs/platform/http/bulk-requests.js';
import { Jobs } from '#libs/platform/jobs.js';
import { RateLimits } from '#libs/platform/rate-limits.js';
import { WakeUp } from '#libs/platform/wake-up.js';
import { WebhookOptions } from '#libs/webhooks/options.js';
import { RELAY_CONSUMER } from '#libs/webhooks/redaction.js';
import { type Runtime } from './runtime.js';

/** The root: what the roles of the process consist of, the buses, and what the runtime has opened, for all of them. */
@Module({})
export class CoreModule {
  static forRoot({ config, database, store, codec, cipher, wakeUp, worker }: Runtime, roles: Type[]): DynamicModule {
    const shared = new Map<unknown, unknown>([
      [Database, database],
      [EventStore, store],
      [EventCodec, codec],
      [EntityReader, new EntityReader(database, codec)],
      [PastStreams, new PastStreams(database, codec)],
      [BulkRequests, new BulkRequests(database)],
      [Cipher, cipher],
      [WakeUp, wakeUp],
      [WebhookOptions, config.webhooks],
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
