import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { type FastifyContextConfig } from 'fastify';

/** What Fastify's hooks know an operation by. Adds to what other decorators of the same operation have said. */
export function OperationConfig(config: FastifyContextConfig): MethodDecorator {
  return (target, name, descriptor) => {
    const others: unknown = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, descriptor.value as object);
    RouteConfig({ ...(others as FastifyContextConfig | undefined), ...config })(target, name, descriptor);
  };
}
