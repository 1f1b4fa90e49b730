import { type DomainError, notFound } from '#libs/platform/domain-error.js';

/** A group of agents, without its members. */
export interface Team {
  id: string;
  /** Without outer space; need not be unique. */
  name: string;
}

/** The agents of a command. The members are not part of the state, since there may be many. */
interface Agents {
  agentIds: string[];
  /** Those agents that are members. */
  members: string[];
  /** Those ids that are not agents. */
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

/** Adding members again and removing agents that are not members change nothing. */
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
