import { type Resource } from '#libs/resources/resource.js';
import { teamStream } from './team.stream.js';
import { TEAM_EVENTS } from './team.webhooks.js';

export const teamsResource = {
  path: 'teams',
  group: { name: 'Teams', description: 'Groups of agents.' },
  streams: [teamStream],
  entity: { name: 'Team', id: 'teamId', stream: teamStream },
  webhookEvents: TEAM_EVENTS,
} as const satisfies Resource;
