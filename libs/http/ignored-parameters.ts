import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { KnownNames } from '#libs/platform/did-you-mean.js';
import { MAX_IGNORED_LENGTH, MAX_IGNORED_PARAMETERS } from './limits.js';
import { OperationConfig } from './operation-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Returns the query parameters that a list takes. */
    knownParameters?: () => ReadonlySet<string>;
  }
}

/** The metadata of a list about query parameters that it has ignored. */
interface Ignored {
  ignored: string[];
  didYouMean?: Record<string, string>;
}

const TAKEN = Symbol('query parameters');

/** Records which query parameters an operation takes: for parameter decorators. */
export function takesParameters(target: object, method: string | symbol, names: () => Iterable<string>): void {
  const handler = (target as Record<string | symbol, object>)[method] as object;
  const others = (Reflect.getMetadata(TAKEN, handler) as (typeof names)[] | undefined) ?? [];
  Reflect.defineMetadata(TAKEN, [...others, names], handler);
}

/** Marks an operation that lists unknown query parameters in `meta.ignored`. */
export function TellsIgnored(): MethodDecorator {
  return (target, name, descriptor) => {
    const handler = descriptor.value as object;
    OperationConfig({
      knownParameters: () => {
        const taken = (Reflect.getMetadata(TAKEN, handler) as (() => Iterable<string>)[] | undefined) ?? [];
        return new Set(taken.flatMap((those) => [...those()]));
      },
    })(target, name, descriptor);
  };
}

/** Adds the ignored query parameters to the answers of lists, since one may be a misspelled filter. */
export function tellIgnoredParameters(fastify: FastifyInstance): void {
  fastify.addHook('preSerialization', (request, reply, answer, done) => {
    const about = reply.statusCode < 300 ? ignoredOf(request) : undefined;
    const { meta } = (answer ?? {}) as { meta?: object };
    done(null, about ? { ...(answer as object), meta: { ...meta, ...about } } : answer);
  });
}

function ignoredOf({ query, routeOptions }: FastifyRequest): Ignored | undefined {
  const names = Object.keys(query as object);
  const known = names.length > 0 ? routeOptions.config.knownParameters?.() : undefined;
  const unknown = known ? names.filter((name) => !known.has(name)).slice(0, MAX_IGNORED_PARAMETERS) : [];
  if (!known || unknown.length === 0) return undefined;
  const knownNames = new KnownNames([...known]);
  const meant = unknown.flatMap((name) => {
    const one = knownNames.meantBy(name);
    return one === undefined ? [] : [[shortened(name), one] as const];
  });
  const ignored = unknown.map(shortened);
  return { ignored, ...(meant.length > 0 && { didYouMean: Object.fromEntries(meant) }) };
}

function shortened(name: string): string {
  return Array.from(name).slice(0, MAX_IGNORED_LENGTH).join('');
}
