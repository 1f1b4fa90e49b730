import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { TOKEN_HASHES } from './api-token.stream.js';
import {
  decideOrganization,
  evolveOrganization,
  type OrganizationCommand,
  type Organization,
  type OrganizationEvent,
} from './organization.rules.js';

const organizationProjection: Projection<OrganizationEvent> = {
  table: 'organizations',
  apply: (event) => {
    switch (event.type) {
      case 'OrganizationCreated':
        return [
          {
            text: 'INSERT INTO organizations (organization_id, name) VALUES ($1, $2)',
            values: [event.organizationId, event.data.name],
          },
        ];
      case 'DefaultRegionSet':
        return [
          {
            text: 'UPDATE organizations SET default_region = $2 WHERE organization_id = $1',
            values: [event.organizationId, event.data.region],
          },
        ];
      case 'RepliesToClosedSet':
        return [
          {
            text: 'UPDATE organizations SET replies_to_closed = $2 WHERE organization_id = $1',
            values: [event.organizationId, event.data.replies],
          },
        ];
      default:
        return [];
    }
  },
};

export const organizationStream: StreamDefinition<Organization | undefined, OrganizationEvent, OrganizationCommand> = {
  category: 'organization',
  types: {
    OrganizationCreated: true,
    DefaultRegionSet: true,
    RepliesToClosedSet: true,
    ApiTokenIssued: true,
    ApiTokenRotated: true,
    ApiTokenRevoked: true,
  },
  initialState: undefined,
  shape: 2,
  creates: 'CreateOrganization',
  decide: decideOrganization,
  evolve: evolveOrganization,
  hidden: TOKEN_HASHES,
  projections: [organizationProjection],
  upcasters: { ApiTokenIssued: [(data: object) => ({ ...data, scopes: ['admin'] })] },
};
