import { type Statement } from './batch.js';

/** Minimum number of statements of one kind to merge; below it, unpacking the JSON costs more than it saves. */
const WORTHWHILE = 16;

/**
 * Merges statements of one kind into one where there are many, at the place of the first. So their order relative to
 * other statements must not matter, unless they cannot be merged.
 */
export function merged(statements: Statement[]): Statement[] {
  const kinds = Map.groupBy(statements, ({ many }) => many?.text);
  const made = new Set<string>();
  return statements.flatMap((statement) => {
    const text = statement.many?.text;
    const kind = text === undefined ? [] : (kinds.get(text) ?? []);
    if (text === undefined || kind.length < WORTHWHILE) return statement;
    if (made.has(text)) return [];
    made.add(text);
    return { text, values: [`[${kind.flatMap(({ many }) => many?.records() ?? []).join(',')}]`] };
  });
}
