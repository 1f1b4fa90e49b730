import { type FastifyInstance } from 'fastify';

/** Which methods a path has, so that a wrong one can be told from a path that does not exist. */
export class Routes {
  readonly #methods = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  /** Must come before any route is added. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      // Preflight requests, which are for any path.
      if (url === '*') return;
      const pattern = new RegExp(`^${url.replace(/[.+]/g, '\\$&').replace(/:\w+/g, '[^/]+').replace(/\*$/, '.*')}/?$`);
      const route = this.#methods.get(url) ?? { pattern, methods: new Set() };
      for (const name of [method].flat()) route.methods.add(name);
      this.#methods.set(url, route);
    });
  }

  /** @param url of a request; its query does not count */
  methodsOf(url: string): string[] {
    const path = url.split('?', 1)[0] as string;
    return [...this.#methods.values()].flatMap(({ pattern, methods }) => (pattern.test(path) ? [...methods] : []));
  }
}
