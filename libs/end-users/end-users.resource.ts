import { type Resource } from '#libs/resources/resource.js';
import { endUserStream } from './end-user.stream.js';
import { END_USER_EVENTS } from './end-user.webhooks.js';

export const endUsersResource = {
  path: 'endusers',
  group: { name: 'End Users', description: 'The customers of the organization.' },
  streams: [endUserStream],
  entity: { name: 'End user', id: 'userId', stream: endUserStream },
  webhookEvents: END_USER_EVENTS,
} as const satisfies Resource;
