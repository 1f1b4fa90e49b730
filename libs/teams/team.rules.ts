import { type DomainError, notFound } from '#libs/platform/domain-error.js';

/** A group of agents, without them. */
export interface Team {
  id: string;
  /** Has no outer space; others may have the same. */
  name: string;
}

/** What a command on some agents is decided by: the members are no part of the state, since they may be many. */
interface Agents {
  agentIds: string[];
  /** Those of them that are members. */
  members: string[];
  /** Those of them that are no agents. */
  missing: string[];
}

export type TeamCommand =
  | { type: 'CreateTeam'; id: string; name: string }
  | ({ type: 'AddTeamMembers' | 'RemoveTeamMembers'; id: string } & Agents)
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
  switch (command.type) {
    case 'AddTeamMembers': {
      const { missing, members } = command;
      if (missing.length > 0) return notFound('Agent', missing.join(', '));
      const agentIds = command.agentIds.filter((agentId) => !members.includes(agentId));
      return agentIds.length > 0 ? [{ type: 'TeamMembersAdded', data: { id, agentIds } }] : [];
    }
    case 'RemoveTeamMembers': {
      const { missing, members } = command;
      const [nobody] = missing;
      if (nobody !== undefined) return notFound('Agent', nobody);
      const agentIds = command.agentIds.filter((agentId) => members.includes(agentId));
      return agentIds.length > 0 ? [{ type: 'TeamMembersRemoved', data: { id, agentIds } }] : [];
    }
    case 'DeleteTeam':
      return [{ type: 'TeamDeleted', data: { id } }];
  }
}

export function evolveTeam(team: Team | undefined, event: TeamEvent): Team | undefined {
  switch (event.type) {
    case 'TeamCreated':
      return event.data;
    case 'TeamMembersAdded':
    case 'TeamMembersRemoved':
      return team;
    case 'TeamDeleted':
      return undefined;
  }
}
