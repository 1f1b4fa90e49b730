import { type Statement } from './batch.js';

/** Statements of one kind from which on one for all is faster than each by itself: JSON has to be unpacked. */
const WORTHWHILE = 16;

/**
 * Statements with those of one kind made one, where there are many: each kind stands where its first was. So their order
 * must matter to nobody but those that cannot be merged.
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
