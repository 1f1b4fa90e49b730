type Json = Record<string, unknown>;

/** The part of React that Swagger UI lends. */
interface React {
  createElement: (type: unknown, props: object, ...children: unknown[]) => unknown;
  useState: <T>(initial: T) => [T, (value: T) => void];
}

/** A map of Immutable.js. */
interface Immutable {
  get(key: string): unknown;
  hasIn(path: string[]): boolean;
}

/** The browser's document, whose types this project does not have otherwise. */
declare const document: { createElement(name: string): object; head: { append(element: object): void } };

/**
 * Folds errors, disables "Try it out" for streams, and replaces the resolver of references: Swagger UI's own parses the
 * whole document for each operation that is opened, which takes seconds when the document is OpenAPI 3.1
 * (https://github.com/swagger-api/swagger-ui/issues/10748).
 *
 * The browser gets the text of this function, so it uses nothing from outside. Its functions are methods, because the
 * bundler wraps all other named functions.
 */
export function swaggerUiPlugin(system: { React: React }) {
  return {
    /** Fits the page to the width of phones. */
    afterLoad() {
      const meta = document.createElement('meta');
      Object.assign(meta, { name: 'viewport', content: 'width=device-width, initial-scale=1' });
      document.head.append(meta);
    },
    statePlugins: {
      spec: {
        wrapSelectors: {
          /** A stream does not end, and Swagger UI shows answers when they have ended. */
          allowTryItOutFor(_original: unknown, { specSelectors }: { specSelectors: { specJson(): Immutable } }) {
            return (_state: unknown, path: string, method: string) =>
              !specSelectors
                .specJson()
                .hasIn(['paths', path, method, 'responses', '200', 'content', 'text/event-stream']);
          },
        },
      },
    },
    components: {
      /** The payloads of all events: they cannot be folded, and `GET /v1/webhooks/event-types` shows them. */
      Webhooks() {
        return null;
      },
    },
    wrapComponents: {
      /** Errors are one line each until they are opened, because there are many of them and they look alike. */
      response(Original: unknown) {
        return (props: { code: string; response: Immutable }) => {
          const { createElement, useState } = system.React;
          const [open, setOpen] = useState(/^2/.test(props.code));
          if (open) return createElement(Original, props);
          const description = props.response.get('description') as string;
          return createElement(
            'tr',
            {
              className: 'response response-folded',
              onClick() {
                setOpen(true);
              },
            },
            createElement('td', { className: 'response-col_status' }, props.code),
            createElement(
              'td',
              { className: 'response-col_description', colSpan: 2 },
              createElement('button', { type: 'button', 'aria-expanded': false }, `${description} ▸`),
            ),
          );
        };
      },
    },
    fn: {
      /**
       * @param path keys from the root of the document to the value
       * @returns the value with every reference replaced by its target, except those that lead into themselves
       */
      resolveSubtree(spec: Json, path: string[]): Promise<{ spec: unknown; errors: [] }> {
        const resolver = {
          at(keys: string[]): unknown {
            return keys.reduce<unknown>((value, key) => (value as Json | undefined)?.[key], spec);
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
