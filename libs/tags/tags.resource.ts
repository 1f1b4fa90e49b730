import { type Resource } from '#libs/resources/resource.js';
import { tagStream } from './tag.stream.js';
import { TAG_EVENTS } from './tag.webhooks.js';

export const tagsResource = {
  path: 'tags',
  group: { name: 'Tags', description: 'Labels that agents put on conversations.' },
  streams: [tagStream],
  entity: { name: 'Tag', id: 'tagId', stream: tagStream },
  webhookEvents: TAG_EVENTS,
} as const satisfies Resource;
