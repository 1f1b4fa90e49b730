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
