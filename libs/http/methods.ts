import { ApiExtension } from '@nestjs/swagger';
import {
  applyDecorators,
  createParamDecorator,
  Delete as NestDelete,
  type ExecutionContext,
  Patch as NestPatch,
  Post as NestPost,
  Put as NestPut,
} from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { OperationConfig } from './operation-config.js';

/** Marks repeatable operations for the documentation; it is removed from the document. */
export const REPEATABLE_EXTENSION = 'x-repeatable';

type Method = (...args: unknown[]) => Promise<unknown>;

/** Binds the request, as a parameter that the controller's method does not declare. */
const Request = createParamDecorator((_: unknown, context: ExecutionContext) =>
  context.switchToHttp().getRequest<FastifyRequest>(),
);

/**
 * Wraps Nest's decorator of an operation that writes: it takes Idempotency-Key and If-Match. Reads have no such cost.
 */
const repeatable =
  (method: (path?: string) => MethodDecorator) =>
  (path?: string): MethodDecorator =>
  (target, name, descriptor) => {
    carryOutOnce(target, name, descriptor);
    applyDecorators(method(path), OperationConfig({ repeatable: true }), ApiExtension(REPEATABLE_EXTENSION, true))(
      target,
      name,
      descriptor,
    );
  };

/** Makes a controller's method carry out a request under a key once: see `request.once`. */
function carryOutOnce(target: object, name: string | symbol, descriptor: PropertyDescriptor): void {
  const own = descriptor.value as Method;
  const parameters = Reflect.getMetadata('design:paramtypes', target, name) as unknown[];
  Request()(target, name, parameters.length);
  const method: Method = function (this: unknown, ...args) {
    const { once } = args.pop() as FastifyRequest;
    return once ? once(() => own.apply(this, args)) : own.apply(this, args);
  };
  // Nest looks a method up by the name of its function.
  descriptor.value = Object.defineProperty(method, 'name', { value: name });
  for (const key of Reflect.getMetadataKeys(own) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, own), method);
  }
}

export const Delete = repeatable(NestDelete);
export const Patch = repeatable(NestPatch);
export const Post = repeatable(NestPost);
export const Put = repeatable(NestPut);

/** For operations that change no data and may take long: with a key, they would hold a transaction open. */
export { NestPost as PostWithoutKey };
