import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import { DomainError } from '../domain-error.js';
import { type Cursor, type Page, type PageRequest } from '../keyset.js';
import { isPlainText, isRecord } from '../values.js';
import { QueryWhole, Text } from './fields.js';
import { type AuthenticatedRequest } from './request-context.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** What every paged list takes. */
export class PageQuery {
  @QueryWhole({
    description: 'Most results on a page. May change from page to page.',
    example: DEFAULT_LIMIT,
    min: 1,
    max: MAX_LIMIT,
    optional: true,
  })
  pageLimit?: number;

  @Text({
    description: 'Where the page begins: from `meta` of another page. Do not construct or change it.',
    example: 'eyJwIjoiL3YxL2VuZHVzZXJzIn0',
    max: 8192,
    optional: true,
  })
  pageKey?: string;
}

type Filters = Record<string, string>;

/** What a page key spells out: the list that it belongs to, and the place in it. */
interface PageKey extends Cursor {
  organization: string;
  path: string;
  filters: Filters;
}

/** Names the pages of the list that a request asks for. */
export class Pages {
  #filters: Filters = {};

  constructor(private readonly request: AuthenticatedRequest) {}

  /**
   * The page that is asked for.
   * @param query as it was validated: what is not about pages is a filter of the list
   * @throws {DomainError} `invalid` when the page key is malformed, or of another list
   */
  requested({ pageLimit = DEFAULT_LIMIT, pageKey, ...filters }: PageQuery): PageRequest {
    const given = Object.entries(filters).filter(([, value]) => value !== undefined);
    this.#filters = Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
    return { limit: pageLimit, cursor: pageKey === undefined ? undefined : this.#cursor(pageKey) };
  }

  /** The answer to a list: the page, with absolute URLs of those beside it. */
  answer<T>({ rows, previous, next }: Page<T>): { data: T[]; meta: { previous?: string; next?: string } } {
    const meta = {
      ...(previous && { previous: this.#url(previous) }),
      ...(next && { next: this.#url(next) }),
    };
    return { data: rows, meta };
  }

  #cursor(pageKey: string): Cursor {
    const key = parsed(pageKey);
    const { organization, path } = this.#list();
    if (
      !key ||
      key.organization !== organization ||
      key.path !== path ||
      !isDeepStrictEqual(key.filters, this.#filters)
    ) {
      throw new DomainError('invalid', 'Invalid value for: query parameter pageKey (not a key of this list)');
    }
    return key;
  }

  #url({ backward, values }: Cursor): string {
    const key: PageKey = { backward, values, ...this.#list(), filters: this.#filters };
    const url = new URL(key.path, this.#origin());
    const { pageLimit } = this.request.query as Record<string, string>;
    const parameters = { ...this.#filters, ...(pageLimit !== undefined && { pageLimit }) };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    url.searchParams.set('pageKey', Buffer.from(JSON.stringify(key)).toString('base64url'));
    return url.href;
  }

  #origin(): string {
    const origin = `${this.request.protocol}://${this.request.host}`;
    if (this.request.host && URL.canParse(origin)) return origin;
    throw new DomainError('invalid', 'Invalid value for: header Host (must be a host name, with or without a port)');
  }

  #list(): Pick<PageKey, 'organization' | 'path'> {
    // A request may name its URL in full.
    const [url] = this.request.url.replace(/^https?:\/\/[^/]*/i, '').split('?', 1) as [string];
    const path = url.toLowerCase().replace(/\/$/, '');
    return { organization: this.request.caller.organizationId, path };
  }
}

/** The pages of the list that this request asks for. */
export const Paged = createParamDecorator(
  (_: unknown, context: ExecutionContext): Pages =>
    new Pages(context.switchToHttp().getRequest<AuthenticatedRequest>()),
);

/** A page key brings the filters of its list along: clients may leave them out. Runs before the query is validated. */
export function restoreFilters(request: { query: unknown }): void {
  const query = request.query as Record<string, unknown>;
  const key = typeof query.pageKey === 'string' ? parsed(query.pageKey) : undefined;
  for (const [name, value] of Object.entries(key?.filters ?? {})) query[name] ??= value;
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
  const plain = Object.values(key.filters).every((value) => typeof value === 'string');
  return plain && typeof key.backward === 'boolean' && key.values.every(isKeyValue);
}

/** What sort keys are made of. */
function isKeyValue(value: unknown): boolean {
  return Number.isSafeInteger(value) || isPlainText(value);
}
