import { type Resource } from '#libs/resources/resource.js';
import { apiTokenStream } from './api-token.stream.js';

export const apiTokensResource = {
  path: 'tokens',
  group: { name: 'Tokens', description: 'API tokens with their scopes, rate limits and expiry.' },
  streams: [apiTokenStream],
  entity: {
    name: 'API token',
    id: 'tokenId',
    stream: apiTokenStream,
    formerlyBy: 'tokenId',
    note: 'Events before `ApiTokenAdopted` have versions of the organization’s stream.',
  },
} as const satisfies Resource;
