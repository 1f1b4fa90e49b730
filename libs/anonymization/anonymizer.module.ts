import {
  type BeforeApplicationShutdown,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { WorkerDatabase } from '#libs/platform/database.js';
import { type JobQueue } from '#libs/platform/job-queue.js';
import { Jobs } from '#libs/platform/jobs.js';
import { Periodic } from '#libs/platform/periodic.js';
import { Anonymizer, type OpenRequest } from './anonymizer.js';

/** A job in it says: this request is open. */
export const ANONYMIZATION_QUEUE = 'anonymization';
/** Requests that one process works on at the same time. */
const CONCURRENCY = 2;
/** How soon a request is found; and looked at again while something keeps it open. */
const LOOK_EVERY_MS = 1_000;

/** Gives open requests to BullMQ, and processes them. The requests are the truth: a lost job is made anew. */
@Injectable()
class AnonymizationEngine implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  #periodic: Periodic;

  constructor(
    private readonly store: EventStore,
    private readonly codec: EventCodec,
    private readonly database: WorkerDatabase,
    private readonly jobs: Jobs,
  ) {}

  onApplicationBootstrap(): void {
    const anonymizer = new Anonymizer(this.store, this.codec, this.database);
    const queue = this.jobs.queue<OpenRequest>(ANONYMIZATION_QUEUE);
    this.jobs.worker<OpenRequest>(ANONYMIZATION_QUEUE, CONCURRENCY, ({ data }) => anonymizer.process(data));
    this.#periodic = new Periodic('Anonymization', LOOK_EVERY_MS, async () => enqueue(queue, await anonymizer.open()));
    this.#periodic.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#periodic.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.jobs.close();
  }
}

async function enqueue(queue: JobQueue<OpenRequest>, requests: OpenRequest[]): Promise<void> {
  if (requests.length === 0) return;
  await queue.addBulk(
    requests.map((data) => ({
      name: 'anonymize',
      data: { organizationId: data.organizationId, id: data.id },
      opts: { deduplication: { id: data.id }, removeOnComplete: true, removeOnFail: true },
    })),
  );
}

@Module({ providers: [AnonymizationEngine] })
export class AnonymizerModule {}
