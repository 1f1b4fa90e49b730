import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { type ApiTokenEvent } from './api-token.rules.js';

/** A tenant. All other data belongs to exactly one. */
export interface Organization {
  id: string;
  name: string;
  /** ISO code of the country of phone numbers without a country code. */
  defaultRegion?: string;
  /** What an end user's message in a closed conversation does; `Reopen` unless set. */
  repliesToClosed?: RepliesToClosed;
}

/** A message in a closed conversation opens it again, or begins a new conversation that follows it up. */
export const REPLIES_TO_CLOSED = ['Reopen', 'FollowUp'] as const;
export type RepliesToClosed = (typeof REPLIES_TO_CLOSED)[number];

export type OrganizationCommand =
  | { type: 'CreateOrganization'; id: string; name: string }
  | { type: 'SetDefaultRegion'; id: string; region: string }
  | { type: 'SetRepliesToClosed'; id: string; replies: RepliesToClosed };

/** The events of an organization. Those of API tokens are from before each token had its own stream. */
export type OrganizationEvent =
  | { type: 'OrganizationCreated'; data: { id: string; name: string } }
  | { type: 'DefaultRegionSet'; data: { region: string } }
  | { type: 'RepliesToClosedSet'; data: { replies: RepliesToClosed } }
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
  if (command.type === 'SetRepliesToClosed') {
    const { replies } = command;
    return (organization.repliesToClosed ?? 'Reopen') === replies
      ? []
      : [{ type: 'RepliesToClosedSet', data: { replies } }];
  }
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
    case 'RepliesToClosedSet':
      return organization && { ...organization, repliesToClosed: event.data.replies };
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
