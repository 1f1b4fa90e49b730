import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type WebhookEventType } from '#libs/webhooks/events/event-type.published.js';
import { type Team } from './team.rules.js';
import { teamStream } from './team.stream.js';

const teamExample = { id: EXAMPLE_IDS.team, name: 'Billing' };
const teamSchema = {
  type: 'object',
  required: ['id', 'name'],
  properties: { id: { type: 'string', format: 'uuid' }, name: { type: 'string' } },
  additionalProperties: false,
};

function teamEvent(description: string): WebhookEventType<Team> {
  return {
    version: '1',
    description,
    stream: teamStream,
    data: ({ id, name }) => ({ team: { id, name } }),
    example: { team: teamExample },
    schema: { type: 'object', required: ['team'], properties: { team: teamSchema }, additionalProperties: false },
  };
}

function memberEvent(description: string): WebhookEventType<Team, { agentIds: string[] }> {
  return {
    version: '1',
    description,
    stream: teamStream,
    data: ({ id, name }, { data }) => ({ team: { id, name }, agent_ids: data.agentIds }),
    example: { team: teamExample, agent_ids: [EXAMPLE_IDS.agent] },
    schema: {
      type: 'object',
      required: ['team', 'agent_ids'],
      properties: {
        team: teamSchema,
        agent_ids: { type: 'array', items: { type: 'string', format: 'uuid' }, minItems: 1 },
      },
      additionalProperties: false,
    },
  };
}

export const TEAM_EVENTS = {
  TeamCreated: teamEvent('A team was created.'),
  TeamDeleted: teamEvent('A team was deleted.'),
  TeamMembersAdded: memberEvent('Agents were added to a team.'),
  TeamMembersRemoved: memberEvent('Agents were removed from a team or from the organization.'),
} as const;
