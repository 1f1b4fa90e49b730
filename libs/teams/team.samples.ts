import { samplesOf } from '#libs/testing/projected.js';
import { type TeamEvent } from './team.rules.js';
import { teamStream } from './team.stream.js';

const id = '01980f6b-6d2e-7b21-8c3d-4e5f60718293';
const [alice, bob] = ['01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5', '01980f5c-88b2-7c13-8705-a1d2e3f4b5c6'];
const created: TeamEvent = { type: 'TeamCreated', data: { id, name: 'Billing' } };
const added: TeamEvent = { type: 'TeamMembersAdded', data: { id, agentIds: [alice, bob] } };
const teams = [{ id, name: 'Billing' }];

export const teamSamples = samplesOf(teamStream, id, {
  'a new team without members': { given: [created], then: { teams } },
  'the members of a team': {
    given: [created, added],
    then: { teams, team_members: [{ team_id: id, agent_id: alice }, { agent_id: bob }] },
  },
  'no member that was removed': {
    given: [created, added, { type: 'TeamMembersRemoved', data: { id, agentIds: [alice] } }],
    then: { teams, team_members: [{ agent_id: bob }] },
  },
  'nothing of a team that was deleted': { given: [created, added, { type: 'TeamDeleted', data: { id } }], then: {} },
});
