/** A scope: `<resource>:read` for reads, `<resource>:write` for reads and writes, `admin` for everything. */
export type Scope = 'admin' | `${string}:${'read' | 'write'}`;

/** Returns whether granted scopes include another. */
export function grants(granted: readonly Scope[], needed: Scope): boolean {
  return granted.some((scope) => scope === 'admin' || scope === needed || scope === needed.replace(':read', ':write'));
}

/**
 * Returns the scope that an operation needs. A search reads what it searches, by whatever method.
 * @param route its path, as `/v1/tags/:tagId` or `/v1/search/conversations`
 */
export function scopeOf(method: string, route: string): Scope {
  const [, search, resource] = /^\/v1\/(search\/)?([^/]+)/.exec(route) ?? [];
  const isRead = search !== undefined || method === 'GET' || method === 'HEAD';
  return resource ? `${resource}:${isRead ? 'read' : 'write'}` : 'admin';
}
