/** What an operation that lists returns. */
interface Answer {
  data?: { data: unknown[]; meta?: { next?: string } };
  error?: unknown;
  response?: Response;
}

type Listing = (options: never) => Promise<Answer>;
type OptionsOf<Operation extends Listing> = NonNullable<Parameters<Operation>[0]>;
type ItemOf<Operation extends Listing> = NonNullable<Awaited<ReturnType<Operation>>['data']>['data'][number];

/** An answer other than success. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  /** @param body the answer: `message`, `code` and `requestId` */
  constructor(
    readonly status: number | undefined,
    readonly body: unknown,
  ) {
    super((body as { message?: string } | undefined)?.message ?? `The server answered ${status ?? 'nothing'}`);
  }
}

/**
 * Yields the items of all pages of a list, and asks for a page when the items before it have been taken.
 * @param operation one that returns pages, such as `endUsersListEndUsers`
 * @param options those of the operation
 * @throws {ApiError}
 */
export async function* items<Operation extends Listing>(
  operation: Operation,
  options: OptionsOf<Operation>,
): AsyncGenerator<ItemOf<Operation>, void, undefined> {
  let asked = options;
  for (;;) {
    const { data: page, error, response } = await operation(asked as never);
    if (!page) throw error instanceof Error ? error : new ApiError(response?.status, error);
    yield* page.data as ItemOf<Operation>[];
    const next = page.meta?.next;
    if (next === undefined) return;
    asked = { ...(options as object), query: { pageKey: new URL(next).searchParams.get('pageKey') } } as typeof options;
  }
}
