import { NotFoundException } from '@nestjs/common';
import { type FastifyInstance } from 'fastify';

interface Route {
  url: string;
  pattern: RegExp;
  methods: Set<string>;
}

/** Returns the error for a path or method that does not exist. */
function refuse(): never {
  throw new NotFoundException();
}

/** Knows the methods of each path, so that a wrong method is distinguished from an unknown path. */
export class Routes {
  readonly #routes = new Map<string, Route>();

  /** Records all routes. Must be called before any route is added. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method, handler }) => {
      // Skips preflight requests, which are for any path.
      if (url === '*' || handler === refuse) return;
      for (const name of [method].flat()) this.#route(url).methods.add(name);
    });
  }

  /**
   * Keeps literal paths from being read as ids: `GET /v1/endusers/bulk` names no end user. Must be called after all
   * routes are added.
   */
  reserve(fastify: FastifyInstance): void {
    for (const { url, methods } of this.#routes.values()) {
      const rivals = [...this.#routes.values()].filter(({ pattern }) => pattern.test(url));
      const taken = new Set(rivals.flatMap((rival) => [...rival.methods]));
      const method = [...taken].filter((name) => name !== 'HEAD' && !methods.has(name));
      if (method.length > 0) fastify.route({ method, url, handler: refuse });
    }
  }

  /**
   * Returns the methods of a path. Of several matching routes, those with the fewest parameters count.
   * @param url of a request; its query is ignored
   */
  methodsOf(url: string): string[] {
    const path = url.split('?', 1)[0] as string;
    const fitting = [...this.#routes.values()].filter(({ pattern }) => pattern.test(path));
    const fewest = Math.min(...fitting.map(parametersOf));
    return fitting.flatMap((route) => (parametersOf(route) === fewest ? [...route.methods] : []));
  }

  #route(url: string): Route {
    const pattern = new RegExp(
      `^${url.replace(/\/$/, '').replace(/[.+]/g, '\\$&').replace(/:\w+/g, '[^/]+').replace(/\*$/, '.*')}/?$`,
    );
    const route = this.#routes.get(url) ?? { url, pattern, methods: new Set() };
    this.#routes.set(url, route);
    return route;
  }
}

function parametersOf({ url }: Route): number {
  return url.split(/[:*]/).length - 1;
}
