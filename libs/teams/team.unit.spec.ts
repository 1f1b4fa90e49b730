import { notFound } from '#libs/platform/domain-error.js';
import { given } from '#libs/testing/given.js';
import { decideTeam, evolveTeam, type TeamCommand, type TeamEvent } from './team.rules.js';

const id = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const created: TeamEvent = { type: 'TeamCreated', data: { id, name: 'Billing' } };
const added = (...agentIds: string[]): TeamEvent => ({ type: 'TeamMembersAdded', data: { id, agentIds } });
const removed = (...agentIds: string[]): TeamEvent => ({ type: 'TeamMembersRemoved', data: { id, agentIds } });
const deleted: TeamEvent = { type: 'TeamDeleted', data: { id } };
const change = (type: 'AddTeamMembers' | 'RemoveTeamMembers', agentIds: string[], members: string[] = []) =>
  ({ type, id, agentIds, members, missing: [] }) satisfies TeamCommand;
const add = (agentIds: string[], members?: string[]) => change('AddTeamMembers', agentIds, members);
const remove = (agentIds: string[], members?: string[]) => change('RemoveTeamMembers', agentIds, members);
const team = given({ decide: decideTeam, evolve: evolveTeam, initialState: undefined });

describe('A team', () => {
  it('is created without members, its name without outer space', () => {
    team().when({ type: 'CreateTeam', id, name: ' Billing ' }).then([created]);
    expect(team(created).state).toEqual({ id, name: 'Billing' });
  });

  it('takes in those that are not in it yet', () => {
    team(created)
      .when(add(['a', 'b']))
      .then([added('a', 'b')]);
    team(created)
      .when(add(['a', 'b'], ['a']))
      .then([added('b')]);
    team(created)
      .when(add(['a'], ['a']))
      .then([]);
  });

  it('takes in agents alone, all or none', () => {
    team(created)
      .when({ ...add(['a', 'b', 'c']), missing: ['b', 'c'] })
      .then(notFound('Agent', 'b, c'));
  });

  it('lets go those that are in it', () => {
    team(created)
      .when(remove(['b', 'c'], ['b']))
      .then([removed('b')]);
    team(created)
      .when(remove(['c']))
      .then([]);
    team(created)
      .when({ ...remove(['c', 'd']), missing: ['c', 'd'] })
      .then(notFound('Agent', 'c'));
  });

  it('is the same with members and without', () => {
    expect(team(created, added('a', 'b'), removed('a')).state).toEqual(team(created).state);
  });

  it('must exist to be changed', () => {
    team(created, added('a')).when({ type: 'DeleteTeam', id }).then([deleted]);
    const missing: TeamCommand = { ...add(['a']), missing: ['a'] };
    for (const gone of [team(), team(created, added('a'), deleted)]) {
      for (const command of [add(['a']), missing, remove(['a']), { type: 'DeleteTeam', id } as const]) {
        gone.when(command).then(notFound('Team', id));
      }
    }
  });
});
