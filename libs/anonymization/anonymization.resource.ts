import { type Resource } from '#libs/resources/resource.js';
import { anonymizationStream } from './anonymization.stream.js';

export const anonymizationResource = {
  path: 'anonymization',
  group: { name: 'Anonymization', description: 'Requests to remove personal data for good.' },
  streams: [anonymizationStream],
} as const satisfies Resource;
