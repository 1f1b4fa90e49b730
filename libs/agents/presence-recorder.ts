import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database/database.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { staged } from '#libs/event-store/staged.js';
import { evolved } from '#libs/event-store/stream-definition.js';
import { notFound } from '#libs/platform/domain-error.js';
import { agentsExist } from './agent.published.js';
import { decidePresence, type Presence, type PresenceCommand, PresenceTimeout } from './presence.rules.js';
import { PRESENCE_COLUMNS, type PresenceRow, recordedPresence } from './presence.shown.js';
import { presenceIsAt, presenceStream, presenceStreamId } from './presence.stream.js';

type WithoutClock<Command> = Command extends unknown ? Omit<Command, 'now' | 'timeout'> : never;

/** Records presence, for API and worker. */
@Injectable()
export class PresenceRecorder {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
    private readonly timeout: PresenceTimeout,
  ) {}

  /**
   * Decides by the row, not by the stream of the hour, which may lack earlier events. Takes two round trips.
   * @returns the recorded presence
   * @throws {DomainError} `not-found` when there is no such agent
   */
  async record(context: WriteContext, command: WithoutClock<PresenceCommand>): Promise<Presence | undefined> {
    const { organizationId } = context;
    const { agentId } = command;
    return this.store.retrying(async () => {
      const now = new Date();
      const id = presenceStreamId(agentId, now);
      const [row, loaded] = await Promise.all([
        this.#row(organizationId, agentId),
        this.store.load(presenceStream, id, context),
      ]);
      const recorded = recordedPresence(row);
      const events = decidePresence({ ...command, now, timeout: this.timeout }, recorded);
      await this.store.commit([staged(presenceStream, id, loaded, events)], context, [
        agentsExist(organizationId, [agentId]),
        presenceIsAt(organizationId, agentId, (row.revision ?? 0) + events.length),
      ]);
      return evolved(presenceStream, recorded, events, { recordedAt: now, metadata: context });
    });
  }

  async #row(organizationId: string, agentId: string): Promise<PresenceRow> {
    const [row] = await this.database.query<PresenceRow>(organizationId, {
      text: `SELECT a.id AS "agentId", ${PRESENCE_COLUMNS} FROM agents a
             LEFT JOIN agent_presence p ON p.organization_id = a.organization_id AND p.agent_id = a.id
             WHERE a.organization_id = $1 AND a.id = $2`,
      values: [organizationId, agentId],
    });
    if (!row) throw notFound('Agent', agentId);
    return row;
  }
}
