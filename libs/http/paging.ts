import { createParamDecorator, type ExecutionContext, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { type Cursor, type Page, type PageRequest } from '#libs/database/keyset.js';
import { originOf } from './origin.js';
import { DomainError, invalidParameter } from '#libs/platform/domain-error.js';
import { isPlainText, isRecord } from '#libs/platform/values.js';
import { faultOfWhole, QueryWhole, Text } from './fields.js';
import { type AuthenticatedRequest } from './request-context.js';

/** The largest page of any list. */
const LARGEST = 10_000;

/** The query parameters of a paged list. Each list has its own class, made by {@link pageQuery}. */
export abstract class AnyPageQuery {
  pageLimit?: number;
  pageKey?: string;
}

/**
 * Returns the class of the query parameters of a list.
 * @param usual the number of results on a page unless the request names one
 * @param max the largest number that it may name
 */
export function pageQuery({ usual, max }: { usual: number; max: number }) {
  class Query extends AnyPageQuery {
    static readonly usual: number = usual;

    @QueryWhole({
      description:
        'The largest number of results on a page. With a `pageKey`, it changes the length of this page and the following ones.',
      example: usual,
      min: 1,
      max,
      optional: true,
    })
    override pageLimit?: number;

    @Text({
      description:
        'The position of the page, from `meta` of another page. It includes the filters and `pageLimit`, which may be omitted or sent again unchanged. Do not construct or change it.',
      example: 'eyJwIjoiL3YxL2VuZHVzZXJzIn0',
      max: 8192,
      optional: true,
    })
    override pageKey?: string;
  }
  return Query;
}

/** The query parameters of most lists. */
export class PageQuery extends pageQuery({ usual: 50, max: 200 }) {}

const ABOUT_PAGES = new Set(['pageLimit', 'pageKey'] satisfies (keyof AnyPageQuery)[] as string[]);

type Filters = Record<string, string>;

/** The content of a page key: the list that it belongs to, and the position in it. */
interface PageKey extends Cursor {
  organization: string;
  path: string;
  filters: Filters;
  /** Absent in keys of earlier versions. */
  limit?: number;
}

/** Reads and writes the page keys of the list that a request asks for. */
export class Pages {
  #filters: Filters = {};
  #limit = PageQuery.usual;

  constructor(private readonly request: AuthenticatedRequest) {}

  /**
   * Returns the requested page.
   * @param query as validated: parameters that are not about paging are filters of the list
   * @throws {DomainError} `invalid` when the page key is malformed, or belongs to another list or other filters
   */
  requested(query: AnyPageQuery): PageRequest {
    const type = query.constructor as typeof PageQuery;
    const { pageLimit = type.usual, pageKey } = query;
    this.#limit = pageLimit;
    this.#filters = filtersOf(query);
    const cursor = pageKey === undefined ? undefined : this.#cursor(pageKey, type);
    return { limit: pageLimit, cursor };
  }

  /** Returns the answer to a list: the page, with absolute URLs of the previous and next ones. */
  answer<T>({ rows, previous, next }: Page<T>): { data: T[]; meta: { previous?: string; next?: string } } {
    const meta = {
      ...(previous && { previous: this.#url(previous) }),
      ...(next && { next: this.#url(next) }),
    };
    return { data: rows, meta };
  }

  #cursor(pageKey: string, type: Type<AnyPageQuery>): Cursor {
    const query = this.request.query as Record<string, unknown>;
    // A body can hold it, too.
    const key = query.pageKey === pageKey ? keyOf(query) : parsed(pageKey);
    const { organization, path } = this.#list();
    if (!key || key.organization !== organization || key.path !== path) throw notOfThisList();
    if (Object.keys(key.filters).length === 0 && Object.keys(this.#filters).length === 0) return key;
    // In the spelling of this version, like the filters of the request.
    const filters = filtersOf(plainToInstance(type, key.filters));
    const other = Object.keys(this.#filters).find((name) => this.#filters[name] !== filters[name]);
    if (other !== undefined) {
      const message = 'must be the same as in the request that returned the pageKey; omit pageKey to start over';
      throw invalidParameter([{ path: other, message }]);
    }
    if (Object.keys(key.filters).length > Object.keys(this.#filters).length) throw notOfThisList();
    return key;
  }

  #url({ backward, values }: Cursor): string {
    const key: PageKey = { backward, values, ...this.#list(), filters: this.#filters, limit: this.#limit };
    return `${this.#origin()}${key.path}?pageKey=${Buffer.from(JSON.stringify(key)).toString('base64url')}`;
  }

  #origin(): string {
    const origin = originOf(this.request);
    if (origin !== undefined) return origin;
    throw new DomainError('invalid', 'Invalid value for: header Host (is missing, but links require it)');
  }

  #list(): Pick<PageKey, 'organization' | 'path'> {
    const [url] = this.request.url.split('?', 1) as [string];
    const path = url.toLowerCase().replace(/\/$/, '');
    return { organization: this.request.caller.organizationId, path };
  }
}

/** Binds the {@link Pages} of the list that the request asks for. */
export const Paged = createParamDecorator(
  (_: unknown, context: ExecutionContext): Pages =>
    new Pages(context.switchToHttp().getRequest<AuthenticatedRequest>()),
);

/** Adds the page key's filters and limit to a query. Sent parameters take precedence: {@link Pages} compares them. */
export function withPageKey(query: Record<string, unknown>): Record<string, unknown> {
  const { filters, limit } = keyOf(query) ?? {};
  return { ...filters, ...(limit !== undefined && { pageLimit: String(limit) }), ...query };
}

function filtersOf(query: AnyPageQuery): Filters {
  const given = Object.entries(query).filter(([name, value]) => !ABOUT_PAGES.has(name) && value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

function notOfThisList(): DomainError {
  return invalidParameter([{ path: 'pageKey', message: 'not a key of this list' }]);
}

/** The page keys of queries, which are read twice: for the validation, and for the page. */
const keys = new WeakMap<Record<string, unknown>, PageKey | undefined>();

function keyOf(query: Record<string, unknown>): PageKey | undefined {
  if (typeof query.pageKey !== 'string') return undefined;
  if (!keys.has(query)) keys.set(query, parsed(query.pageKey));
  return keys.get(query);
}

function parsed(text: string): PageKey | undefined {
  try {
    const key: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return isPageKey(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

function isPageKey(key: unknown): key is PageKey {
  if (!isRecord(key) || !isRecord(key.filters) || !Array.isArray(key.values)) return false;
  if (key.limit !== undefined && faultOfWhole(key.limit, 1, LARGEST)) return false;
  const plain = Object.values(key.filters).every((value) => typeof value === 'string');
  return plain && typeof key.backward === 'boolean' && key.values.every(isKeyValue);
}

/** Returns whether a value can be part of a sort key. */
function isKeyValue(value: unknown): boolean {
  return Number.isSafeInteger(value) || isPlainText(value);
}
