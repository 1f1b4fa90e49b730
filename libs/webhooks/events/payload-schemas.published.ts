/** `user_type` of users in payloads: end users are contacts, agents are members. */
export const USER_TYPES = ['Contact', 'Member'] as const;

export type UserType = (typeof USER_TYPES)[number];

/** Returns the JSON Schema of an object that has all of these properties, and no others. */
export function object(properties: Record<string, object>) {
  return { type: 'object', required: Object.keys(properties), properties, additionalProperties: false };
}

/** Returns a schema that also allows `null`. */
export function nullable(schema: object) {
  return { anyOf: [schema, { type: 'null' }] };
}
