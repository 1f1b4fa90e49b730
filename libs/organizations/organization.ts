import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { type Scope } from '#libs/platform/scopes.js';

/** A tenant. Everything else belongs to exactly one. */
export interface Organization {
  id: string;
  name: string;
  /** ISO code of the country that phone numbers without a country code are from. */
  defaultRegion?: string;
  tokenIds: string[];
}

export type OrganizationCommand =
  | { type: 'CreateOrganization'; id: string; name: string }
  | { type: 'SetDefaultRegion'; id: string; region: string }
  | ({ type: 'IssueApiToken'; id: string } & IssuedToken);

/** An API token, without the token itself. */
export interface IssuedToken {
  tokenId: string;
  name: string;
  actorId: string;
  /** SHA-256 in hex. */
  tokenHash: string;
  scopes: Scope[];
}

export type OrganizationEvent =
  | { type: 'OrganizationCreated'; data: { id: string; name: string } }
  | { type: 'DefaultRegionSet'; data: { region: string } }
  | { type: 'ApiTokenIssued'; data: IssuedToken };

export function decideOrganization(
  command: OrganizationCommand,
  organization: Organization | undefined,
): OrganizationEvent[] | DomainError {
  switch (command.type) {
    case 'CreateOrganization':
      if (organization) return new DomainError('conflict', `Organization ${command.id} exists`);
      return [{ type: 'OrganizationCreated', data: { id: command.id, name: command.name } }];
    case 'SetDefaultRegion':
      if (!organization) return notFound('Organization', command.id);
      if (organization.defaultRegion === command.region) return [];
      return [{ type: 'DefaultRegionSet', data: { region: command.region } }];
    case 'IssueApiToken': {
      if (!organization) return notFound('Organization', command.id);
      const { tokenId, name, actorId, tokenHash, scopes } = command;
      return [{ type: 'ApiTokenIssued', data: { tokenId, name, actorId, tokenHash, scopes } }];
    }
  }
}

export function evolveOrganization(
  organization: Organization | undefined,
  event: OrganizationEvent,
): Organization | undefined {
  switch (event.type) {
    case 'OrganizationCreated':
      return { ...event.data, tokenIds: [] };
    case 'DefaultRegionSet':
      return organization && { ...organization, defaultRegion: event.data.region };
    case 'ApiTokenIssued':
      return organization && { ...organization, tokenIds: [...organization.tokenIds, event.data.tokenId] };
  }
}

/** What a name has to say in letters that addresses are made of, as far as it has any. */
export function subdomainOf(name: string): string {
  const letters = name.toLowerCase().replace(/[æœøßđłð]/g, (letter) => TRANSLITERATED[letter] as string);
  const slug = letters
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-');
  return (
    slug
      .slice(slug.startsWith('-') ? 1 : 0)
      .slice(0, MAX_SUBDOMAIN)
      .replace(/-$/, '') || 'organization'
  );
}

/** The most that a label of a host name can have. */
const MAX_SUBDOMAIN = 63;
/** Letters that are not made of another and a mark. */
const TRANSLITERATED: Record<string, string> = { æ: 'ae', œ: 'oe', ø: 'o', ß: 'ss', đ: 'd', ł: 'l', ð: 'd' };
