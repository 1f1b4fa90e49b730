import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { type ApiTokenEvent } from './api-token.rules.js';

/** A tenant. All other data belongs to exactly one. */
export interface Organization {
  id: string;
  name: string;
  /** ISO code of the country of phone numbers without a country code. */
  defaultRegion?: string;
}

export type OrganizationCommand =
  { type: 'CreateOrganization'; id: string; name: string } | { type: 'SetDefaultRegion'; id: string; region: string };

/** The events of an organization. Those of API tokens are from before each token had its own stream. */
export type OrganizationEvent =
  | { type: 'OrganizationCreated'; data: { id: string; name: string } }
  | { type: 'DefaultRegionSet'; data: { region: string } }
  | Exclude<ApiTokenEvent, { type: 'ApiTokenAdopted' }>;

export function decideOrganization(
  command: OrganizationCommand,
  organization: Organization | undefined,
): OrganizationEvent[] | DomainError {
  if (command.type === 'CreateOrganization') {
    if (organization) return new DomainError('conflict', `Organization ${command.id} exists`);
    return [{ type: 'OrganizationCreated', data: { id: command.id, name: command.name } }];
  }
  if (!organization) return notFound('Organization', command.id);
  if (organization.defaultRegion === command.region) return [];
  return [{ type: 'DefaultRegionSet', data: { region: command.region } }];
}

export function evolveOrganization(
  organization: Organization | undefined,
  event: OrganizationEvent,
): Organization | undefined {
  switch (event.type) {
    case 'OrganizationCreated':
      return event.data;
    case 'DefaultRegionSet':
      return organization && { ...organization, defaultRegion: event.data.region };
    default:
      return organization;
  }
}

/** Returns a name in letters that host names allow; `organization` if nothing is left. */
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

/** Maximum length of a label in a host name. */
const MAX_SUBDOMAIN = 63;
/** Letters that Unicode does not decompose into a letter and a mark. */
const TRANSLITERATED: Record<string, string> = { æ: 'ae', œ: 'oe', ø: 'o', ß: 'ss', đ: 'd', ł: 'l', ð: 'd' };
