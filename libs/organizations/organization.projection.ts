import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Scope } from '#libs/platform/scopes.js';
import { evolveOrganization, type Organization, type OrganizationEvent } from './organization.js';

/** The read table of organizations. */
@Entity('organizations')
export class OrganizationRow {
  @PrimaryColumn('uuid', { name: 'organization_id' }) organizationId: string;
  @Column('text') name: string;
  @Column('text', { name: 'default_region', nullable: true }) defaultRegion: string | null;
}

/** The read table of API tokens. Holds no token, only what recognizes one. */
@Entity('api_tokens')
export class ApiTokenRow {
  @PrimaryColumn('uuid', { name: 'organization_id' }) organizationId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('text') name: string;
  @Column('uuid', { name: 'actor_id' }) actorId: string;
  /** SHA-256 of the token, in hex. */
  @Column('text', { name: 'token_hash' }) tokenHash: string;
  @Column('text', { array: true }) scopes: Scope[];
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) createdAt: Date;
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
      case 'ApiTokenIssued':
        return [];
    }
  },
};

const apiTokenProjection: Projection<OrganizationEvent> = {
  table: 'api_tokens',
  apply: (event) =>
    event.type === 'ApiTokenIssued'
      ? [
          {
            text: `INSERT INTO api_tokens (organization_id, id, name, actor_id, token_hash, created_at, scopes)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)`,
            values: [
              event.organizationId,
              event.data.tokenId,
              event.data.name,
              event.data.actorId,
              event.data.tokenHash,
              event.recordedAt,
              event.data.scopes,
            ],
          },
        ]
      : [],
};

export const organizationStream: StreamDefinition<Organization | undefined, OrganizationEvent> = {
  category: 'organization',
  types: { OrganizationCreated: true, DefaultRegionSet: true, ApiTokenIssued: true },
  initialState: undefined,
  evolve: evolveOrganization,
  hidden: ['tokenHash'],
  projections: [organizationProjection, apiTokenProjection],
  upcasters: { ApiTokenIssued: [(data: object) => ({ ...data, scopes: ['admin'] })] },
};
