import { isDeepStrictEqual } from 'node:util';

/** New values for some fields; `null` stands for none. */
export type Changes<T> = { [Field in keyof T]?: T[Field] | null };

/** Returns what a patch really changes, without fields that have the value already, or are absent already. */
export function changesOf<T extends object>(current: T, patch: Changes<T>): Changes<T> {
  const changed = Object.entries(patch).filter(([field, value]) => {
    const now = current[field as keyof T] as unknown;
    return value !== undefined && !isDeepStrictEqual(value, now ?? null);
  });
  return Object.fromEntries(changed) as Changes<T>;
}

/** Returns the object with the changes; a field that became `null` is absent. */
export function applyChanges<T extends object>(current: T, changes: Changes<T>): T {
  const entries = Object.entries({ ...current, ...changes }).filter(([, value]) => value !== null);
  return Object.fromEntries(entries) as T;
}
