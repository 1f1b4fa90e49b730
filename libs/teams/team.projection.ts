import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { evolveTeam, type Team, type TeamEvent } from './team.js';

const teamProjection: Projection<TeamEvent> = {
  table: 'teams',
  apply: (event) => {
    const key = [event.organizationId, event.data.id];
    switch (event.type) {
      case 'TeamCreated':
        return [
          {
            text: 'INSERT INTO teams (organization_id, id, name) VALUES ($1, $2, $3)',
            values: [...key, event.data.name],
          },
        ];
      case 'TeamDeleted':
        return [{ text: 'DELETE FROM teams WHERE organization_id = $1 AND id = $2', values: key }];
      case 'TeamMembersAdded':
      case 'TeamMembersRemoved':
        return [];
    }
  },
};

const memberProjection: Projection<TeamEvent> = {
  table: 'team_members',
  apply: (event) => {
    const key = [event.organizationId, event.data.id];
    switch (event.type) {
      case 'TeamCreated':
        return [];
      case 'TeamMembersAdded':
        return [
          {
            text: 'INSERT INTO team_members (organization_id, team_id, agent_id) SELECT $1, $2, unnest($3::uuid[])',
            values: [...key, event.data.agentIds],
          },
        ];
      case 'TeamMembersRemoved':
        return [
          {
            text: 'DELETE FROM team_members WHERE organization_id = $1 AND team_id = $2 AND agent_id = ANY($3)',
            values: [...key, event.data.agentIds],
          },
        ];
      case 'TeamDeleted':
        return [{ text: 'DELETE FROM team_members WHERE organization_id = $1 AND team_id = $2', values: key }];
    }
  },
};

export const teamStream: StreamDefinition<Team | undefined, TeamEvent> = {
  category: 'team',
  types: { TeamCreated: true, TeamMembersAdded: true, TeamMembersRemoved: true, TeamDeleted: true },
  initialState: undefined,
  evolve: evolveTeam,
  projections: [teamProjection, memberProjection],
};
