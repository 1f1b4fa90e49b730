import { type DomainError, notFound } from '#libs/platform/domain-error.js';

/** A group of agents. */
export interface Team {
  id: string;
  /** Has no outer space; others may have the same. */
  name: string;
  /** Ids of agents, in the order in which they came. */
  agentIds: string[];
}

export type TeamCommand =
  | { type: 'CreateTeam'; id: string; name: string }
  | {
      type: 'AddTeamMembers';
      id: string;
      agentIds: string[];
      /** Those of them that are no agents. */
      missing: string[];
    }
  | { type: 'RemoveTeamMembers'; id: string; agentIds: string[] }
  | { type: 'DeleteTeam'; id: string };

export type TeamEvent =
  | { type: 'TeamCreated'; data: { id: string; name: string } }
  | { type: 'TeamMembersAdded'; data: { id: string; agentIds: string[] } }
  | { type: 'TeamMembersRemoved'; data: { id: string; agentIds: string[] } }
  | { type: 'TeamDeleted'; data: { id: string } };

/** Adding members again and removing what are none change nothing. */
export function decideTeam(command: TeamCommand, team: Team | undefined): TeamEvent[] | DomainError {
  if (command.type === 'CreateTeam') {
    return [{ type: 'TeamCreated', data: { id: command.id, name: command.name.trim() } }];
  }
  if (!team) return notFound('Team', command.id);
  const { id } = team;
  const members = new Set(team.agentIds);
  switch (command.type) {
    case 'AddTeamMembers': {
      const { missing } = command;
      if (missing.length > 0) return notFound('Agent', missing.join(', '));
      const agentIds = command.agentIds.filter((agentId) => !members.has(agentId));
      return agentIds.length > 0 ? [{ type: 'TeamMembersAdded', data: { id, agentIds } }] : [];
    }
    case 'RemoveTeamMembers': {
      const agentIds = command.agentIds.filter((agentId) => members.has(agentId));
      return agentIds.length > 0 ? [{ type: 'TeamMembersRemoved', data: { id, agentIds } }] : [];
    }
    case 'DeleteTeam':
      return [{ type: 'TeamDeleted', data: { id } }];
  }
}

export function evolveTeam(team: Team | undefined, event: TeamEvent): Team | undefined {
  switch (event.type) {
    case 'TeamCreated':
      return { ...event.data, agentIds: [] };
    case 'TeamMembersAdded':
      return team && { ...team, agentIds: [...team.agentIds, ...event.data.agentIds] };
    case 'TeamMembersRemoved': {
      const gone = new Set(event.data.agentIds);
      return team && { ...team, agentIds: team.agentIds.filter((agentId) => !gone.has(agentId)) };
    }
    case 'TeamDeleted':
      return undefined;
  }
}
