import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { WorkerDatabase } from '#libs/platform/database.js';
import { Periodic } from '#libs/platform/periodic.js';
import { WebhookOptions } from '../options.js';

const EVERY_MS = 10 * 60 * 1000;
/** Rows that one transaction drops: few enough that nobody waits for it. */
const AT_ONCE = 2_000;

/** What is dropped once it is older than so many days. */
interface Expiring {
  table: string;
  /** The column that says how old a row is. */
  time: string;
  days: number;
  /** What must hold besides. */
  unless?: string;
}

/**
 * Drops payloads and attempts that are old, and much later the deliveries themselves. Any number of workers may do so at
 * once: none waits for rows that another is dropping.
 */
@Injectable()
export class Retention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #periodic = new Periodic('Retention of deliveries', EVERY_MS, () => this.run());
  #stopping = false;

  constructor(
    private readonly database: WorkerDatabase,
    private readonly options: WebhookOptions,
  ) {}

  onApplicationBootstrap(): void {
    this.#periodic.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    await this.#periodic.stop();
  }

  /** Drops all that is due, in batches. */
  async run(): Promise<void> {
    for (const expiring of this.#expiring()) {
      while (!this.#stopping && (await this.#drop(expiring)) === AT_ONCE);
    }
  }

  #expiring(): Expiring[] {
    const { retentionDays, deliveryRetentionDays } = this.options;
    return [
      { table: 'webhook_attempts', time: 'started_at', days: retentionDays },
      {
        table: 'webhook_messages',
        time: 'created_at',
        days: retentionDays,
        unless: `EXISTS (SELECT FROM webhook_deliveries d WHERE d.organization_id = m.organization_id
                   AND d.event_id = m.event_id AND d.state = 'pending')`,
      },
      { table: 'webhook_deliveries', time: 'created_at', days: deliveryRetentionDays, unless: "m.state = 'pending'" },
    ];
  }

  async #drop({ table, time, days, unless = 'false' }: Expiring): Promise<number> {
    const [dropped] = await this.database.query<{ rows: number }>(null, {
      text: `WITH dropped AS (DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
               SELECT ctid FROM ${table} m WHERE ${time} < now() - make_interval(days => $1) AND NOT (${unless})
               LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)) RETURNING 1)
             SELECT count(*) AS rows FROM dropped`,
      values: [days],
    });
    return dropped?.rows ?? 0;
  }
}
