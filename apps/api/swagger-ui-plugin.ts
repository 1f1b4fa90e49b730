type Json = Record<string, unknown>;

/**
 * Replaces how Swagger UI resolves references: its own way parses the whole document for each operation that is opened,
 * which takes seconds when the document is OpenAPI 3.1 (https://github.com/swagger-api/swagger-ui/issues/10748).
 *
 * The browser gets the text of this function, so it uses nothing from outside. Its functions are methods, because the
 * bundler wraps all other named functions.
 */
export function swaggerUiPlugin() {
  return {
    fn: {
      /**
       * @param path keys from the root of the document to the value
       * @returns the value with every reference replaced by its target, except those that lead into themselves
       */
      resolveSubtree(document: Json, path: string[]): Promise<{ spec: unknown; errors: [] }> {
        const resolver = {
          at(keys: string[]): unknown {
            return keys.reduce<unknown>((value, key) => (value as Json | undefined)?.[key], document);
          },
          /** @param $ref a JSON Pointer in this document (RFC 6901) */
          target($ref: string): unknown {
            const keys = decodeURIComponent($ref).slice('#/'.length).split('/');
            return this.at(keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~')));
          },
          /** @param open the references that led here */
          resolved(value: unknown, open: string[]): unknown {
            if (Array.isArray(value)) return value.map((item) => this.resolved(item, open));
            if (typeof value !== 'object' || value === null) return value;
            const { $ref, allOf, ...rest } = value as Json & { $ref?: string; allOf?: unknown[] };
            if ($ref !== undefined && open.includes($ref)) return value;
            const own = Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, this.resolved(item, open)]));
            if ($ref !== undefined) {
              const target = this.target($ref);
              return target === undefined ? value : { ...(this.resolved(target, [...open, $ref]) as Json), ...own };
            }
            return Object.assign({}, ...((allOf ?? []) as Json[]).map((part) => this.resolved(part, open)), own);
          },
        };
        return Promise.resolve({ spec: resolver.resolved(resolver.at(path), []), errors: [] });
      },
    },
  };
}
