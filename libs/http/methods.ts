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

/** Marks repeatable operations for the documentation; it is removed from the document. */
export const REPEATABLE_EXTENSION = 'x-repeatable';

/**
 * Wraps Nest's decorator of an operation that writes: it takes Idempotency-Key and If-Match. Reads have no such cost.
 */
const repeatable = (method: (path?: string) => MethodDecorator) => (path?: string) =>
  applyDecorators(method(path), UseInterceptors(IdempotencyInterceptor), ApiExtension(REPEATABLE_EXTENSION, true));

export const Delete = repeatable(NestDelete);
export const Patch = repeatable(NestPatch);
export const Post = repeatable(NestPost);
export const Put = repeatable(NestPut);

/** For operations that change no data and may take long: with a key, they would hold a transaction open. */
export { NestPost as PostWithoutKey };
