import { type JobsOptions, Queue } from 'bullmq';
import { type Outage } from '#libs/platform/outage.js';
import { connectJobs, type JobsConnection, type JobsLocation } from './jobs-connections.js';

interface Opened<Data> {
  queue: Queue<Data>;
  connection: JobsConnection;
}

/** Jobs to add. */
export type JobsToAdd<Data> = { name: string; data: Data; opts?: JobsOptions }[];

/** Adds jobs to a BullMQ queue. Opens the queue on first use, and again after a failure to open it. */
export class JobQueue<Data> {
  #opening: Promise<Opened<Data>> | undefined;

  constructor(
    private readonly location: JobsLocation,
    private readonly name: string,
    private readonly outage: Outage,
  ) {}

  /** @throws when they could not be added; some may have been */
  async addBulk(jobs: JobsToAdd<Data>): Promise<void> {
    try {
      const queue = await this.opened();
      await queue.addBulk(jobs as Parameters<Queue<Data>['addBulk']>[0]);
      this.outage.worked();
    } catch (error) {
      this.outage.failed(error);
      throw error;
    }
  }

  /** Returns BullMQ's own queue, which is closed with this one. @throws when it cannot be opened now */
  async opened(): Promise<Queue<Data>> {
    const opening = (this.#opening ??= this.#open());
    try {
      return (await opening).queue;
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    if (opened) await end(opened);
  }

  async #open(): Promise<Opened<Data>> {
    const connection = await connectJobs(this.location, 'queue', 1);
    const opened = { queue: new Queue<Data>(this.name, connection, connection.backend as never), connection };
    opened.queue.on('error', (error) => {
      this.outage.failed(error);
    });
    try {
      await opened.queue.waitUntilReady();
      return opened;
    } catch (error) {
      await end(opened);
      throw error;
    }
  }
}

async function end({ queue, connection }: Opened<unknown>): Promise<void> {
  await queue.close();
  await connection.end();
}
