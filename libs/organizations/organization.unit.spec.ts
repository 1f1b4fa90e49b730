import { notFound } from '#libs/platform/domain-error.js';
import { given } from '#libs/testing/given.js';
import {
  decideOrganization,
  evolveOrganization,
  type OrganizationEvent,
  type RepliesToClosed,
  subdomainOf,
} from './organization.rules.js';

const id = 'organization-1';
const created: OrganizationEvent = { type: 'OrganizationCreated', data: { id, name: 'Acme' } };
const organization = given({ decide: decideOrganization, evolve: evolveOrganization, initialState: undefined });

describe('What a message in a closed conversation does', () => {
  const choose = (replies: RepliesToClosed) => ({ type: 'SetRepliesToClosed', id, replies }) as const;
  const chosen = (replies: RepliesToClosed): OrganizationEvent => ({ type: 'RepliesToClosedSet', data: { replies } });

  it('is chosen by the organization, which reopens conversations until then', () => {
    organization(created).when(choose('Reopen')).then([]);
    organization(created)
      .when(choose('FollowUp'))
      .then([chosen('FollowUp')]);
    organization(created, chosen('FollowUp')).when(choose('FollowUp')).then([]);
    organization(created, chosen('FollowUp'))
      .when(choose('Reopen'))
      .then([chosen('Reopen')]);
    organization().when(choose('FollowUp')).then(notFound('Organization', id));
  });
});

describe('The subdomain of an organization', () => {
  it.each([
    ['Example Ltd', 'example-ltd'],
    ['  Ærø & Søn: Füße?! ', 'aero-son-fusse'],
    ['ACME', 'acme'],
    ['-- 24/7 --', '24-7'],
    ['重要', 'organization'],
    ['', 'organization'],
    ['x'.repeat(80), 'x'.repeat(63)],
    [`${'x'.repeat(62)} y`, 'x'.repeat(62)],
  ])('of %j is %j', (name, subdomain) => {
    expect(subdomainOf(name)).toBe(subdomain);
  });
});
