import { Injectable } from '@nestjs/common';
import { PeriodicTask } from '#libs/background/periodic-task.js';
import { type Statement } from '#libs/database/batch.js';
import { Database, violatedConstraint, WorkerDatabase } from '#libs/database/database.js';
import { EventCodec, type EventRow, KEYED_EVENTS } from '#libs/event-store/event-codec.js';
import { type RecordedEvent, type RecordedOf } from '#libs/event-store/event.js';
import { isVersionConflict } from '#libs/event-store/version-conflict.js';
import { BEGINNING, messageProjection } from './messages.projection.js';
import { type ConversationEvent } from './conversation.rules.js';
import { textProjection } from './search/search-index.projection.js';

const EVERY_MS = 60_000;
const AT_ONCE = 200;
const IS_LISTED = 'conversation_messages_pkey';
/** Name and shape of the record that says that all messages are listed. */
const DONE = ['first messages of conversations', 1];

/**
 * Lists the first messages of conversations that began before messages were listed: fills the read tables from the
 * events that contain them, once. It may be killed at any time: the next run starts over.
 */
@Injectable()
export class FirstMessages extends PeriodicTask {
  constructor(
    private readonly database: WorkerDatabase,
    private readonly app: Database,
    private readonly codec: EventCodec,
  ) {
    super('First messages', EVERY_MS);
  }

  async run(): Promise<void> {
    if (await this.#isDone()) return;
    let [after, listed] = [0, 0];
    while (!this.stopping) {
      const rows = await this.#beginnings(after);
      for (const row of rows) listed += (await this.#list(this.codec.decode(row))) ? 1 : 0;
      const last = rows.at(-1);
      if (!last || rows.length < AT_ONCE) break;
      after = last.position;
    }
    if (this.stopping) return;
    await this.database.write(null, [
      {
        text: `INSERT INTO renewed_tables (name, shape) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET shape = excluded.shape`,
        values: DONE,
      },
    ]);
    if (listed > 0) this.logger.log(`${listed} first messages of earlier conversations are listed now`);
  }

  async #isDone(): Promise<boolean> {
    const text = 'SELECT FROM renewed_tables WHERE name = $1 AND shape = $2';
    return (await this.database.query(null, { text, values: DONE })).length > 0;
  }

  #beginnings(after: number): Promise<EventRow[]> {
    return this.database.query<EventRow>(null, {
      text: `SELECT * FROM ${KEYED_EVENTS} WHERE position > $1 AND type = 'ConversationCreated' AND version = ${BEGINNING}
             ORDER BY events.position LIMIT ${AT_ONCE}`,
      values: [after],
    });
  }

  /** Returns whether a message was listed. An anonymization waits for the commit, and then removes it. */
  async #list(event: RecordedEvent): Promise<boolean> {
    const beginning = event as RecordedOf<ConversationEvent>;
    const { organizationId, data } = beginning;
    const inserts = [messageProjection, textProjection].flatMap((projection) => projection.apply(beginning));
    if (inserts.length === 0) return false;
    try {
      await this.app.write(organizationId, [isNotAnonymized(organizationId, data.id), ...inserts]);
      return true;
    } catch (error) {
      if (isVersionConflict(error) || violatedConstraint(error) === IS_LISTED) return false;
      throw error;
    }
  }
}

function isNotAnonymized(organizationId: string, id: number): Statement {
  return {
    text: `SELECT guard(EXISTS (SELECT FROM conversations
             WHERE organization_id = $1 AND id = $2 AND anonymized_at IS NULL FOR SHARE))`,
    values: [organizationId, id],
  };
}
