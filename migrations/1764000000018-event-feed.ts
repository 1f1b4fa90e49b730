import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { buildIndex } from './in-service.js';

/**
 * Index of one organization's events in the order of the feed, which makes that feed cheap to read. No position is
 * null, but the index of all organizations' events lacks NULLS FIRST: the planner would prefer to walk through that
 * one, past other organizations' events.
 */
export class EventFeed1764000000018 implements MigrationInterface {
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await buildIndex(db, 'events_of_organization', 'events (organization_id, position NULLS FIRST)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX events_of_organization');
  }
}
