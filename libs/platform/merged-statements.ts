import { type Statement } from './batch.js';

/**
 * Statements with those made one that can be: each kind stands where its first was. So that order must matter to nobody
 * but those that cannot be merged.
 */
export function merged(statements: Statement[]): Statement[] {
  const result: (Statement | string)[] = [];
  const records = new Map<string, string[]>();
  const alone = new Map<string, Statement>();
  for (const statement of statements) {
    const { many } = statement;
    if (!many) {
      result.push(statement);
      continue;
    }
    const known = records.get(many.text);
    if (known) known.push(...many.records);
    else {
      result.push(many.text);
      records.set(many.text, [...many.records]);
      alone.set(many.text, statement);
    }
  }
  return result.map((one) => {
    if (typeof one !== 'string') return one;
    const { many, ...single } = alone.get(one) as Statement;
    const all = records.get(one) as string[];
    return all.length === many?.records.length ? single : { text: one, values: [`[${all.join(',')}]`] };
  });
}
