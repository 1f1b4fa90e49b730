import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { type ApiTokenEvent } from './api-token.rules.js';

/** A tenant. Everything else belongs to exactly one. */
export interface Organization {
  id: string;
  name: string;
  /** ISO code of the country that phone numbers without a country code are from. */
  defaultRegion?: string;
}

export type OrganizationCommand =
  { type: 'CreateOrganization'; id: string; name: string } | { type: 'SetDefaultRegion'; id: string; region: string };

/** Those of API tokens are of the time before each token had a stream of its own. */
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
