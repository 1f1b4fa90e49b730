import { notFound } from '#libs/platform/domain-error.js';
import { given } from '#libs/testing/given.js';
import { decideTag, evolveTag, type TagCommand, type TagEvent } from './tag.rules.js';

const id = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const created: TagEvent = { type: 'TagCreated', data: { id, name: 'VIP', color: '#ff8800' } };
const deactivated: TagEvent = { type: 'TagDeactivated', data: { id } };
const deleted: TagEvent = { type: 'TagDeleted', data: { id } };
const activated: TagEvent = { type: 'TagActivated', data: { id } };
const tag = given({ decide: decideTag, evolve: evolveTag, initialState: undefined });

describe('A tag', () => {
  const create: TagCommand = { type: 'CreateTag', id, name: '  VIP ', color: '#ff8800' };

  it('is created active, its name without outer space', () => {
    tag().when(create).then([created]);
    expect(tag(created).state).toEqual({ id, name: 'VIP', color: '#ff8800', state: 'Active' });
  });

  it('has no color when none is given', () => {
    tag()
      .when({ type: 'CreateTag', id, name: 'VIP' })
      .then([{ type: 'TagCreated', data: { id, name: 'VIP' } }]);
  });

  it('can be deactivated and activated again', () => {
    tag(created).when({ type: 'DeactivateTag', id }).then([deactivated]);
    tag(created, deactivated).when({ type: 'ActivateTag', id }).then([activated]);
    expect(tag(created, deactivated).state?.state).toBe('Inactive');
    expect(tag(created, deactivated, activated).state?.state).toBe('Active');
  });

  it('does not change when it is in the wanted state already', () => {
    tag(created).when({ type: 'ActivateTag', id }).then([]);
    tag(created, deactivated).when({ type: 'DeactivateTag', id }).then([]);
  });

  it('is gone once it is deleted', () => {
    tag(created).when({ type: 'DeleteTag', id }).then([deleted]);
    expect(tag(created, deleted).state).toBeUndefined();
    tag(created, deleted).when({ type: 'DeleteTag', id }).then(notFound('Tag', id));
  });

  it('must exist to be activated or deactivated', () => {
    tag().when({ type: 'ActivateTag', id }).then(notFound('Tag', id));
    tag().when({ type: 'DeactivateTag', id }).then(notFound('Tag', id));
  });
});
