import { subdomainOf } from './organization.rules.js';

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
