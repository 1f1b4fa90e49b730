const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Returns why a text is not a UUID, or undefined. */
export function faultOfUuid(value: string): string | undefined {
  return UUID.test(value) ? undefined : 'must be a UUID';
}
