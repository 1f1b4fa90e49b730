/** The JSON Schema of an object that has all of these properties, and no others. */
export function object(properties: Record<string, object>) {
  return { type: 'object', required: Object.keys(properties), properties, additionalProperties: false };
}

/** The same, or `null`. */
export function nullable(schema: object) {
  return { anyOf: [schema, { type: 'null' }] };
}
