import { Injectable, Module } from '@nestjs/common';
import { PartitionSweeper } from '#libs/background/partition-sweeper.js';
import { WorkerDatabase } from '#libs/database/database.js';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { Anonymizer } from './anonymizer.js';

/** Time between searches for open requests. */
const LOOK_EVERY_MS = 1_000;

/** Processes open requests. */
@Injectable()
class AnonymizationEngine extends PartitionSweeper<{ id: string }> {
  constructor(store: EventStore, codec: EventCodec, database: WorkerDatabase, checkpoints: Checkpoints) {
    const anonymizer = new Anonymizer(store, codec, database);
    super(database, checkpoints, {
      name: 'Anonymization',
      table: 'anonymization_requests',
      columns: 'id',
      everyMs: LOOK_EVERY_MS,
      due: 'processed_at IS NULL',
      since: 'initiated_at',
      work: (request) => anonymizer.process(request),
    });
  }
}

@Module({ providers: [AnonymizationEngine] })
export class AnonymizerModule {}
