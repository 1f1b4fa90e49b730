import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { PARTITIONS } from '../../dist/libs/event-store/partitions.js';

const POLL_MS = 50;
const WITHIN_MS = 120_000;
const ALL_PARTITIONS = `FROM generate_series(0, ${PARTITIONS - 1}) AS partition`;

/** The work of running workers, held back in PostgreSQL until it is released. They notice within a second. */
export class Backlog {
  static async open(url) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return new Backlog(client);
  }

  constructor(client) {
    this.client = client;
  }

  /** Acts as a slow writer in each partition: later events are not in the feed yet. */
  async holdEvents() {
    await this.client.query(
      `SELECT pg_advisory_lock_shared(position_lock(partition, pg_sequence_last_value('event_position'))) ${ALL_PARTITIONS}`,
    );
  }

  async releaseEvents() {
    await this.client.query('SELECT pg_advisory_unlock_all()');
  }

  /** Acts as receivers that ask for a pause: events become deliveries, which wait. */
  async holdDeliveries() {
    await this.client.query(
      `UPDATE webhook_health h SET paused_until = now() + interval '1 hour', counts_from = s.failures_count_from
       FROM webhook_subscriptions s WHERE s.organization_id = h.organization_id AND s.id = h.subscription_id`,
    );
  }

  async releaseDeliveries() {
    await this.client.query(`UPDATE webhook_health SET paused_until = '-infinity'`);
  }

  /** Waits until exactly `count` deliveries are pending. */
  async untilPending(count) {
    await this.#until(`${count} deliveries are pending`, async () => {
      const { rows } = await this.client.query(
        `SELECT count(*)::integer AS pending FROM webhook_deliveries WHERE state = 'pending'`,
      );
      return rows[0].pending === count;
    });
  }

  /** Waits until this number of workers lead equally many partitions each. */
  async untilShared(workers) {
    await this.#until(`${workers} workers share the partitions`, async () => {
      const { rows } = await this.client.query(
        `SELECT count(*)::integer AS partitions FROM checkpoints 
         WHERE starts_with(consumer, 'webhooks/') AND lease_until > now() GROUP BY holder`,
      );
      return rows.length === workers && rows.every(({ partitions }) => partitions === PARTITIONS / workers);
    });
  }

  async close() {
    await this.client.end();
  }

  async #until(what, isSo) {
    const deadline = performance.now() + WITHIN_MS;
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`It did not come so far that ${what}`);
      await pause(POLL_MS);
    }
  }
}
