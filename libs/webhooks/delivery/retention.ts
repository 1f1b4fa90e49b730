import { Injectable } from '@nestjs/common';
import { PeriodicTask } from '#libs/background/periodic-task.js';
import { WorkerDatabase } from '#libs/database/database.js';
import { WebhookOptions } from '../webhooks.settings.js';

const EVERY_MS = 10 * 60 * 1000;
/** Maximum number of rows in one transaction: few enough not to delay others. */
const AT_ONCE = 2_000;

/** Rows that are deleted after a number of days. Deliveries that are not finished do not expire. */
interface Expiring {
  table: string;
  /** The column with a row's time. */
  time: string;
  days: number;
  /** SQL for rows that stay. */
  unless?: string;
}

/**
 * Deletes old payloads and attempts, and much later the deliveries themselves. Workers may do so in parallel: none
 * waits for rows that another is deleting.
 */
@Injectable()
export class Retention extends PeriodicTask {
  constructor(
    private readonly database: WorkerDatabase,
    private readonly options: WebhookOptions,
  ) {
    super('Retention of deliveries', EVERY_MS);
  }

  /** Deletes all expired rows, in batches. A table that fails does not stop the others. */
  async run(): Promise<void> {
    for (const expiring of this.#expiring()) {
      await this.#dropFrom(expiring).catch((error: unknown) => {
        this.logger.warn({ err: error, table: expiring.table }, 'Old rows could not all be deleted');
      });
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
        unless: `EXISTS (SELECT FROM webhook_deliveries d WHERE d.organization_id = t.organization_id
                   AND d.event_id = t.event_id AND d.state = 'pending')`,
      },
      { table: 'webhook_deliveries', time: 'finished_at', days: deliveryRetentionDays },
    ];
  }

  /** Starts from the oldest: rows that stay are read once in a run. */
  async #dropFrom(expiring: Expiring): Promise<void> {
    for (let from: Date | number = -Infinity; !this.stopping;) {
      const { examined, dropped, last } = await this.#drop(expiring, from);
      if (examined < AT_ONCE || (dropped === 0 && last?.getTime() === Number(from))) return;
      from = last ?? from;
    }
  }

  async #drop({ table, time, days, unless = 'false' }: Expiring, from: Date | number): Promise<Dropped> {
    const [batch] = await this.database.query<Dropped>(null, {
      text: `WITH old AS (
               SELECT ctid, ${time} AS time, NOT (${unless}) AS drops FROM ${table} t
               WHERE ${time} >= $2 AND ${time} < now() - make_interval(days => $1)
               ORDER BY ${time} LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED
             ), dropped AS (
               DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM old WHERE drops)) RETURNING 1
             )
             SELECT (SELECT count(*) FROM old) AS examined, (SELECT count(*) FROM dropped) AS dropped,
               (SELECT max(time) FROM old) AS last`,
      values: [days, typeof from === 'number' ? '-infinity' : from],
    });
    return batch as Dropped;
  }
}

interface Dropped {
  examined: number;
  dropped: number;
  /** Time of the youngest row. */
  last: Date | null;
}
