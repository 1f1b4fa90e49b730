import { type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { MAX_IGNORED_LENGTH, MAX_IGNORED_PARAMETERS } from './limits.js';

const TAKEN = Symbol('query parameters');

/** Notes which query parameters an operation takes: for parameter decorators. */
export function takesParameters(target: object, method: string | symbol, names: () => Iterable<string>): void {
  const handler = (target as Record<string | symbol, object>)[method] as object;
  const others = (Reflect.getMetadata(TAKEN, handler) as (typeof names)[] | undefined) ?? [];
  Reflect.defineMetadata(TAKEN, [...others, names], handler);
}

/** Tells in `meta.ignored` of a list's answer which query parameters the list does not know: a filter may be misspelt. */
export class IgnoredParameters implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<{ meta?: object }>): Observable<object> {
    const { query } = context.switchToHttp().getRequest<FastifyRequest>();
    const names = Object.keys(query as object);
    if (names.length === 0) return next.handle();
    const taken = (Reflect.getMetadata(TAKEN, context.getHandler()) as (() => Iterable<string>)[] | undefined) ?? [];
    const known = new Set(taken.flatMap((those) => [...those()]));
    const ignored = names.filter((name) => !known.has(name)).slice(0, MAX_IGNORED_PARAMETERS);
    if (ignored.length === 0) return next.handle();
    return next
      .handle()
      .pipe(map((answer) => ({ ...answer, meta: { ...answer.meta, ignored: ignored.map(shortened) } })));
  }
}

function shortened(name: string): string {
  return Array.from(name).slice(0, MAX_IGNORED_LENGTH).join('');
}
