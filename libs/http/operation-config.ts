import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { type FastifyContextConfig } from 'fastify';

/** Gives an operation configuration for Fastify's hooks. It is merged with that of other decorators. */
export function OperationConfig(config: FastifyContextConfig): MethodDecorator {
  return (target, name, descriptor) => {
    const others: unknown = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, descriptor.value as object);
    RouteConfig({ ...(others as FastifyContextConfig | undefined), ...config })(target, name, descriptor);
  };
}
