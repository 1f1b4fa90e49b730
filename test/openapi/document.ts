/** The part of a schema that tests need. */
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

/** The part of an OpenAPI document that tests need. */
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** Returns the schema of a JSON body. */
export const jsonSchemaOf = (holder?: { content?: Content }) => holder?.content?.['application/json']?.schema;

/** Returns the schema that a reference stands for, with its `allOf` merged. */
export function resolved(schema: Schema, document: OpenApi): Schema {
  if (schema.$ref)
    return resolved(document.components.schemas[schema.$ref.split('/').at(-1) as string] ?? {}, document);
  const parts = (schema.allOf ?? []).map((part) => resolved(part, document));
  return parts.length > 0 ? (Object.assign({}, ...parts, schema) as Schema) : schema;
}
