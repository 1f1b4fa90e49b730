import { type Resource } from '#libs/resources/resource.js';
import { organizationStream } from './organization.stream.js';

export const organizationResource = {
  path: 'organization',
  group: { name: 'Organization', description: 'The organization of the API token.' },
  streams: [organizationStream],
} as const satisfies Resource;
