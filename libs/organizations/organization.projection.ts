import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { TOKEN_HASHES } from './api-token.projection.js';
import { evolveOrganization, type Organization, type OrganizationEvent } from './organization.js';

/** The read table of organizations. */
@Entity('organizations')
export class OrganizationRow {
  @PrimaryColumn('uuid', { name: 'organization_id' }) organizationId: string;
  @Column('text') name: string;
  @Column('text', { name: 'default_region', nullable: true }) defaultRegion: string | null;
}

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
      default:
        return [];
    }
  },
};

export const organizationStream: StreamDefinition<Organization | undefined, OrganizationEvent> = {
  category: 'organization',
  types: {
    OrganizationCreated: true,
    DefaultRegionSet: true,
    ApiTokenIssued: true,
    ApiTokenRotated: true,
    ApiTokenRevoked: true,
  },
  initialState: undefined,
  evolve: evolveOrganization,
  hidden: TOKEN_HASHES,
  projections: [organizationProjection],
  upcasters: { ApiTokenIssued: [(data: object) => ({ ...data, scopes: ['admin'] })] },
};
