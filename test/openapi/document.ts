/** As much of a schema as tests look at. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  format?: string;
  pattern?: string;
  example?: unknown;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  [keyword: string]: unknown;
}

type Content = Record<string, { schema?: Schema }>;

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

export interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, { content?: Content }>;
}

/** As much of an OpenAPI document as tests look at. */
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** The schema of a body in JSON. */
export const jsonSchemaOf = (holder?: { content?: Content }) => holder?.content?.['application/json']?.schema;

/** What a reference stands for; parts that all hold as one. */
export function resolved(schema: Schema, document: OpenApi): Schema {
  if (schema.$ref)
    return resolved(document.components.schemas[schema.$ref.split('/').at(-1) as string] ?? {}, document);
  const parts = (schema.allOf ?? []).map((part) => resolved(part, document));
  return parts.length > 0 ? (Object.assign({}, ...parts, schema) as Schema) : schema;
}
