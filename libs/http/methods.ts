import { ApiExtension } from '@nestjs/swagger';
import {
  applyDecorators,
  Delete as NestDelete,
  Patch as NestPatch,
  Post as NestPost,
  Put as NestPut,
  UseInterceptors,
} from '@nestjs/common';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';

/** Tells the documentation; it is no part of the document. */
export const REPEATABLE_EXTENSION = 'x-repeatable';

/** Nest's decorator for operations that write: they take Idempotency-Key and If-Match. Those that read pay nothing. */
const repeatable = (method: (path?: string) => MethodDecorator) => (path?: string) =>
  applyDecorators(method(path), UseInterceptors(IdempotencyInterceptor), ApiExtension(REPEATABLE_EXTENSION, true));

export const Delete = repeatable(NestDelete);
export const Patch = repeatable(NestPatch);
export const Post = repeatable(NestPost);
export const Put = repeatable(NestPut);

/** For what changes nothing here and may take long: a key would hold a transaction open for it. */
export { NestPost as PostWithoutKey };
