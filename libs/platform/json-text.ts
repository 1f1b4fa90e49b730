/**
 * A value that is JSON already: answers pass its text on unparsed. `JSON.stringify` works on it like on the value
 * itself.
 */
export class JsonText {
  /** @param version the version of the entity that it shows, if any */
  constructor(
    readonly text: string,
    readonly version?: number,
  ) {}

  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** An object, or its JSON that is ready to send. */
export type Sendable<T> = T | JsonText;

/** Returns an object with further members. @param shown a JSON object that is not empty */
export function extended(shown: JsonText, members: object): JsonText {
  return new JsonText(`${shown.text.slice(0, -1)},${JSON.stringify(members).slice(1)}`, shown.version);
}

/** Returns the JSON of an answer whose members may be, or be arrays of, {@link JsonText}. */
export function stringify(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return JSON.stringify(answer);
  const members = Object.entries(answer).filter(([, value]) => value !== undefined);
  if (Array.isArray(answer) || !members.some(([, value]) => hasText(value))) return JSON.stringify(answer);
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${textOf(value)}`).join(',')}}`;
}

function hasText(value: unknown): boolean {
  return value instanceof JsonText || (Array.isArray(value) && value[0] instanceof JsonText);
}

function textOf(value: unknown): string {
  if (value instanceof JsonText) return value.text;
  return Array.isArray(value) && hasText(value) ? `[${value.map(textOf).join(',')}]` : JSON.stringify(value);
}
