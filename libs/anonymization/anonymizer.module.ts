import { Injectable, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { PartitionSweeper } from '#libs/platform/partition-sweeper.js';
import { WorkerDatabase } from '#libs/platform/database.js';
import { Anonymizer } from './anonymizer.js';

/** How soon a request is found; and looked at again while something keeps it open. */
const LOOK_EVERY_MS = 1_000;

/** Processes requests that are open. */
@Injectable()
class AnonymizationEngine implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #sweeper: PartitionSweeper<{ id: string }>;

  constructor(store: EventStore, codec: EventCodec, database: WorkerDatabase, checkpoints: Checkpoints) {
    const anonymizer = new Anonymizer(store, codec, database);
    this.#sweeper = new PartitionSweeper(database, checkpoints, {
      ...{ name: 'Anonymization', table: 'anonymization_requests', columns: 'id', everyMs: LOOK_EVERY_MS },
      ...{ due: 'processed_at IS NULL', since: 'initiated_at' },
      work: (request) => anonymizer.process(request),
    });
  }

  onApplicationBootstrap(): void {
    this.#sweeper.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#sweeper.stop();
  }
}

@Module({ providers: [AnonymizationEngine] })
export class AnonymizerModule {}
