import {
  applyDecorators,
  Delete as NestDelete,
  Patch as NestPatch,
  Post as NestPost,
  Put as NestPut,
  UseInterceptors,
} from '@nestjs/common';
import { RetryInterceptor } from './retry.interceptor.js';

/** Nest's decorator for operations that write: they take Idempotency-Key and If-Match. Those that read pay nothing. */
const repeatable = (method: (path?: string) => MethodDecorator) => (path?: string) =>
  applyDecorators(method(path), UseInterceptors(RetryInterceptor));

export const Delete = repeatable(NestDelete);
export const Patch = repeatable(NestPatch);
export const Post = repeatable(NestPost);
export const Put = repeatable(NestPut);
