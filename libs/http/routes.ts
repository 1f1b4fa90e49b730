import { NotFoundException } from '@nestjs/common';
import { type FastifyInstance } from 'fastify';

interface Route {
  url: string;
  pattern: RegExp;
  methods: Set<string>;
}

/** Answered as any path or method that does not exist. */
function refuse(): never {
  throw new NotFoundException();
}

/** Which methods a path has, so that a wrong one can be told from a path that does not exist. */
export class Routes {
  readonly #routes = new Map<string, Route>();

  /** Must come before any route is added. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method, handler }) => {
      // Preflight requests, which are for any path.
      if (url === '*' || handler === refuse) return;
      for (const name of [method].flat()) this.#route(url).methods.add(name);
    });
  }

  /**
   * Keeps paths that are spelled out from being taken for ids: `GET /v1/endusers/bulk` names no end user. Must come
   * after all routes.
   * @param unbuilt such paths beyond those that exist
   */
  reserve(fastify: FastifyInstance, unbuilt: readonly string[]): void {
    for (const url of unbuilt) this.#route(url);
    for (const { url, methods } of this.#routes.values()) {
      const rivals = [...this.#routes.values()].filter(({ pattern }) => pattern.test(url));
      const taken = new Set(rivals.flatMap((rival) => [...rival.methods]));
      const method = [...taken].filter((name) => name !== 'HEAD' && !methods.has(name));
      if (method.length > 0) fastify.route({ method, url, handler: refuse });
    }
  }

  /** @param url of a request; its query does not count. Of several routes that fit, those count that spell out most. */
  methodsOf(url: string): string[] {
    const path = url.split('?', 1)[0] as string;
    const fitting = [...this.#routes.values()].filter(({ pattern }) => pattern.test(path));
    const fewest = Math.min(...fitting.map(parametersOf));
    return fitting.flatMap((route) => (parametersOf(route) === fewest ? [...route.methods] : []));
  }

  #route(url: string): Route {
    const pattern = new RegExp(`^${url.replace(/[.+]/g, '\\$&').replace(/:\w+/g, '[^/]+').replace(/\*$/, '.*')}/?$`);
    const route = this.#routes.get(url) ?? { url, pattern, methods: new Set() };
    this.#routes.set(url, route);
    return route;
  }
}

function parametersOf({ url }: Route): number {
  return url.split(/[:*]/).length - 1;
}
