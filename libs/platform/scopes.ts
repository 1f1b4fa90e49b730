import { DomainError } from './domain-error.js';

/** What tokens can be limited to, by the first part of the operations' paths. */
export const RESOURCES = [
  'agents',
  'anonymization',
  'conversations',
  'custom-attributes',
  'endusers',
  'events',
  'organization',
  'queues',
  'tags',
  'teams',
  'tokens',
  'webhooks',
] as const;

type Resource = (typeof RESOURCES)[number];

/** `<resource>:read` for what only reads, `<resource>:write` for the rest and for reading; `admin` for everything. */
export type Scope = 'admin' | `${Resource}:${'read' | 'write'}`;

/** All scopes there are. */
export const SCOPES: readonly Scope[] = [
  'admin',
  ...RESOURCES.flatMap((resource): Scope[] => [`${resource}:read`, `${resource}:write`]),
];

/** Whether scopes that were granted include another. */
export function grants(granted: readonly Scope[], needed: Scope): boolean {
  return granted.some((scope) => scope === 'admin' || scope === needed || scope === needed.replace(':read', ':write'));
}

/** The scope that an operation needs. @param route its path, as `/v1/tags/:tagId` */
export function scopeOf(method: string, route: string): Scope {
  const resource = RESOURCES.find((name) => name === route.split('/')[2]);
  return resource ? `${resource}:${method === 'GET' || method === 'HEAD' ? 'read' : 'write'}` : 'admin';
}

/**
 * Whose personal data there is, by the kind of the streams that record it, and the scope that shows it wherever it appears:
 * in the resource itself, and in whatever else tells of it.
 */
const PERSONAL_SCOPES = {
  agent: 'agents:read',
  conversation: 'conversations:read',
  endUser: 'endusers:read',
} as const satisfies Record<string, Scope>;

/** A kind of stream that holds personal data. */
export type PersonalKind = keyof typeof PERSONAL_SCOPES;

/** Whether scopes that were granted show the personal data of streams of a kind; of others there is none. */
export function showsPersonal(granted: readonly Scope[], kind: string): boolean {
  return grants(granted, Object.hasOwn(PERSONAL_SCOPES, kind) ? PERSONAL_SCOPES[kind as PersonalKind] : 'admin');
}

/** For answers that would say nothing without it. @throws {DomainError} `forbidden` */
export function mustShowPersonal(granted: readonly Scope[], kind: PersonalKind): void {
  if (showsPersonal(granted, kind)) return;
  throw new DomainError('forbidden', `The API token lacks the scope ${PERSONAL_SCOPES[kind]}`);
}
