interface Schema {
  $ref?: string;
  type?: string | string[];
  example?: unknown;
  enum?: unknown[];
  readOnly?: boolean;
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  example?: unknown;
  schema: Schema;
}

export interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema; examples?: Record<string, { value: unknown }> }> };
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** A request as Swagger UI fills it in. */
export interface ExampleRequest {
  operationId: string;
  method: string;
  path: string;
  body: unknown;
}

/** Returns the example request of each operation: what Swagger UI sends when nothing is changed. */
export function exampleRequests(document: Document): ExampleRequest[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      operationId: operation.operationId,
      method: method.toUpperCase(),
      path: filled(path, operation) + queryOf(operation),
      body: bodyOf(document, operation),
    })),
  );
}

/** Returns the path with the examples of its parameters. @param others values of some of them, by name */
export function filled(
  path: string,
  { parameters = [] }: Pick<Operation, 'parameters'>,
  others: Record<string, string> = {},
): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name);
    return encodeURIComponent(others[name] ?? String(parameter?.schema.example));
  });
}

/** Returns the query parameters that Swagger UI fills in, as those that are required. */
function queryOf({ parameters = [] }: Operation): string {
  const query = parameters.flatMap(({ in: place, name, example, schema }): [string, string][] => {
    const value = (example ?? schema.example) as string | number | boolean | undefined;
    return place === 'query' && value !== undefined ? [[name, String(value)]] : [];
  });
  return query.length > 0 ? `?${new URLSearchParams(query).toString()}` : '';
}

function bodyOf(document: Document, { requestBody }: Operation): unknown {
  const content = requestBody?.content['application/json'];
  if (!content) return undefined;
  const [first] = Object.values(content.examples ?? {});
  return first ? first.value : sample(document, content.schema);
}

/** Returns the example of a schema or, without one, what the examples of its parts amount to. */
function sample(document: Document, { $ref, ...own }: Schema): unknown {
  const name = $ref?.split('/').at(-1);
  const schema: Schema = name === undefined ? own : { ...document.components.schemas[name], ...own };
  if (schema.example !== undefined) return schema.example;
  const [variant] = schema.oneOf ?? schema.anyOf ?? [];
  if (variant) return sample(document, variant);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => sample(document, part)));
  if (schema.items) return [sample(document, schema.items)];
  if (schema.properties) {
    const fields = Object.entries(schema.properties).filter(([, { readOnly }]) => !readOnly);
    return Object.fromEntries(fields.map(([field, property]) => [field, sample(document, property)]));
  }
  return schema.enum?.[0] ?? (schema.type === 'object' ? {} : null);
}
