import { type DynamicModule, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { Cipher } from '#libs/platform/cipher.js';
import { Database, WorkerDatabase } from '#libs/platform/database.js';
import { Jobs } from '#libs/platform/jobs.js';
import { WakeUp } from '#libs/platform/wake-up.js';
import { type Runtime } from './runtime.js';

/** Gives every module what the runtime has opened, and the buses. */
@Module({})
export class CoreModule {
  static forRoot({ database, store, codec, cipher, wakeUp, worker }: Runtime): DynamicModule {
    const shared = new Map<unknown, unknown>([
      [Database, database],
      [EventStore, store],
      [EventCodec, codec],
      [Cipher, cipher],
      [WakeUp, wakeUp],
      ...(worker ? ([[WorkerDatabase, worker.database], [Jobs, worker.jobs]] as const) : []),
    ]);
    const providers = [...shared].map(([provide, useValue]) => ({ provide: provide as never, useValue }));
    return { module: CoreModule, global: true, imports: [CqrsModule.forRoot()], providers, exports: providers };
  }
}
