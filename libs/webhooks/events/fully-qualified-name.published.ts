/** Returns a name as payloads spell it: `TagCreated` → `TAG_CREATED`. */
export function fullyQualifiedName(type: string): string {
  return type.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toUpperCase();
}
