import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '#libs/database/database.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { notFound } from '#libs/platform/domain-error.js';
import { command, query } from '#libs/platform/messages.js';
import { PresenceRecorder } from './presence-recorder.js';
import { type ChannelGroup, type Presence, PresenceTimeout } from './presence.rules.js';
import {
  PRESENCE_COLUMNS,
  type PresenceRow,
  recordedPresence,
  shownPresence,
  type UserPresence,
} from './presence.shown.js';

/** Records a heartbeat with the given changes, and returns the changed presence. Absent fields keep their values. */
export class UpdatePresence extends command<
  {
    context: WriteContext;
    agentId: string;
    changes: Pick<Presence, 'connectionStatus'> & Partial<Pick<Presence, 'presenceStatus' | 'activeChannels'>>;
  },
  UserPresence
>() {}

/** Changes whether an agent works on the channels of a group. It is not a heartbeat, since others may send it. */
export class UpdateWorkingChannel extends command<{
  context: WriteContext;
  agentId: string;
  channel: ChannelGroup;
  working: boolean;
}>() {}

export class GetPresence extends query<{ organizationId: string; agentId: string }, UserPresence>() {}

/** The presence of all agents, by id. */
export class ListPresence extends query<{ organizationId: string }, UserPresence[]>() {}

@CommandHandler(UpdatePresence)
export class UpdatePresenceHandler implements ICommandHandler<UpdatePresence> {
  constructor(
    private readonly recorder: PresenceRecorder,
    private readonly timeout: PresenceTimeout,
  ) {}

  async execute({ context, agentId, changes }: UpdatePresence): Promise<UserPresence> {
    const presence = await this.recorder.record(context, { type: 'UpdatePresence', agentId, ...changes });
    return shownPresence(agentId, presence, new Date(), this.timeout);
  }
}

@CommandHandler(UpdateWorkingChannel)
export class UpdateWorkingChannelHandler implements ICommandHandler<UpdateWorkingChannel> {
  constructor(private readonly recorder: PresenceRecorder) {}

  async execute({ context, agentId, channel, working }: UpdateWorkingChannel): Promise<void> {
    await this.recorder.record(context, { type: 'UpdateWorkingChannel', agentId, channel, working });
  }
}

const SELECT = `SELECT a.id AS "agentId", ${PRESENCE_COLUMNS} FROM agents a
  LEFT JOIN agent_presence p ON p.organization_id = a.organization_id AND p.agent_id = a.id`;

@QueryHandler(GetPresence)
export class GetPresenceHandler implements IQueryHandler<GetPresence> {
  constructor(
    private readonly database: Database,
    private readonly timeout: PresenceTimeout,
  ) {}

  async execute({ organizationId, agentId }: GetPresence): Promise<UserPresence> {
    const [row] = await this.database.query<PresenceRow>(organizationId, {
      text: `${SELECT} WHERE a.organization_id = $1 AND a.id = $2`,
      values: [organizationId, agentId],
    });
    if (!row) throw notFound('Agent', agentId);
    return shownPresence(agentId, recordedPresence(row), new Date(), this.timeout);
  }
}

@QueryHandler(ListPresence)
export class ListPresenceHandler implements IQueryHandler<ListPresence> {
  constructor(
    private readonly database: Database,
    private readonly timeout: PresenceTimeout,
  ) {}

  async execute({ organizationId }: ListPresence): Promise<UserPresence[]> {
    const rows = await this.database.query<PresenceRow>(organizationId, {
      text: `${SELECT} WHERE a.organization_id = $1 ORDER BY a.id`,
      values: [organizationId],
    });
    const now = new Date();
    return rows.map((row) => shownPresence(row.agentId, recordedPresence(row), now, this.timeout));
  }
}
