/** A scope: `<resource>:read` for reads, `<resource>:write` for reads and writes, `admin` for everything. */
export type Scope = 'admin' | `${string}:${'read' | 'write'}`;

/** Returns whether granted scopes include another. */
export function grants(granted: readonly Scope[], needed: Scope): boolean {
  return granted.some((scope) => scope === 'admin' || scope === needed || scope === needed.replace(':read', ':write'));
}

/** Returns the scope that an operation needs. @param route its path, as `/v1/tags/:tagId` */
export function scopeOf(method: string, route: string): Scope {
  const [, resource] = /^\/v1\/([^/]+)/.exec(route) ?? [];
  return resource ? `${resource}:${method === 'GET' || method === 'HEAD' ? 'read' : 'write'}` : 'admin';
}
