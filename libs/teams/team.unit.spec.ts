import { notFound } from '#libs/platform/domain-error.js';
import { given } from '#libs/testing/given.js';
import { decideTeam, evolveTeam, type TeamCommand, type TeamEvent } from './team.js';

const id = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const created: TeamEvent = { type: 'TeamCreated', data: { id, name: 'Billing' } };
const added = (...agentIds: string[]): TeamEvent => ({ type: 'TeamMembersAdded', data: { id, agentIds } });
const removed = (...agentIds: string[]): TeamEvent => ({ type: 'TeamMembersRemoved', data: { id, agentIds } });
const deleted: TeamEvent = { type: 'TeamDeleted', data: { id } };
const add = (...agentIds: string[]): TeamCommand => ({ type: 'AddTeamMembers', id, agentIds, missing: [] });
const remove = (...agentIds: string[]): TeamCommand => ({ type: 'RemoveTeamMembers', id, agentIds });
const team = given({ decide: decideTeam, evolve: evolveTeam, initialState: undefined });

describe('A team', () => {
  it('is created without members, its name without outer space', () => {
    team().when({ type: 'CreateTeam', id, name: ' Billing ' }).then([created]);
    expect(team(created).state).toEqual({ id, name: 'Billing', agentIds: [] });
  });

  it('takes in those that are not in it yet', () => {
    team(created)
      .when(add('a', 'b'))
      .then([added('a', 'b')]);
    team(created, added('a'))
      .when(add('a', 'b'))
      .then([added('b')]);
    team(created, added('a')).when(add('a')).then([]);
    expect(team(created, added('a'), added('b')).state?.agentIds).toEqual(['a', 'b']);
  });

  it('takes in agents alone, all or none', () => {
    team(created)
      .when({ type: 'AddTeamMembers', id, agentIds: ['a', 'b', 'c'], missing: ['b', 'c'] })
      .then(notFound('Agent', 'b, c'));
  });

  it('lets go those that are in it', () => {
    team(created, added('a', 'b'))
      .when(remove('b', 'c'))
      .then([removed('b')]);
    team(created, added('a')).when(remove('c')).then([]);
    expect(team(created, added('a', 'b'), removed('a')).state?.agentIds).toEqual(['b']);
    team(created, added('a'), removed('a'))
      .when(add('a'))
      .then([added('a')]);
  });

  it('must exist to be changed', () => {
    team(created, added('a')).when({ type: 'DeleteTeam', id }).then([deleted]);
    const missing: TeamCommand = { type: 'AddTeamMembers', id, agentIds: ['a'], missing: ['a'] };
    for (const gone of [team(), team(created, added('a'), deleted)]) {
      for (const command of [add('a'), missing, remove('a'), { type: 'DeleteTeam', id } as const]) {
        gone.when(command).then(notFound('Team', id));
      }
    }
  });
});
