import { type Resource } from '#libs/resources/resource.js';

export const eventsResource = {
  path: 'events',
  group: {
    name: 'Events',
    description: 'All events of the organization in order, in pages or as a stream.',
  },
  streams: [],
} as const satisfies Resource;
