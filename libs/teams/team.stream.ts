import { type Membership, memberProjection } from '#libs/agents/membership.published.js';
import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { decideTeam, evolveTeam, type Team, type TeamCommand, type TeamEvent } from './team.rules.js';

/** The members of teams. */
export const TEAM_MEMBERS: Membership = { table: 'team_members', entity: 'team_id' };

export const teamStream: StreamDefinition<Team | undefined, TeamEvent, TeamCommand> = {
  category: 'team',
  types: { TeamCreated: true, TeamMembersAdded: true, TeamMembersRemoved: true, TeamDeleted: true },
  initialState: undefined,
  shape: 1,
  creates: 'CreateTeam',
  decide: decideTeam,
  evolve: evolveTeam,
  row: {
    table: 'teams',
    shown: (team) => team,
    columns: { name: { of: ({ name }) => name, constant: true } },
  },
  projections: [
    memberProjection<TeamEvent>(TEAM_MEMBERS, {
      TeamMembersAdded: 'add',
      TeamMembersRemoved: 'remove',
      TeamDeleted: 'clear',
    }),
  ],
};
