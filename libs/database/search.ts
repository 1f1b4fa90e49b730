import { type Statement } from './batch.js';

/** Adds a value to a statement, and returns the parameter that stands for it. `$1` is the organization. */
export type Parameter = (value: unknown) => string;

/**
 * Returns a statement that selects an organization's rows by conditions, all of which must hold; `AND …` can follow. Its
 * filters decide whether a plan should start with them or with the order, so it is replanned.
 * @param select as far as its FROM clause
 */
export function searchOf(
  organizationId: string,
  select: string,
  conditionsOf: (parameter: Parameter) => string[],
): Statement {
  const values: unknown[] = [organizationId];
  const conditions = conditionsOf((value) => `$${values.push(value)}`);
  const text = `${select} WHERE ${['organization_id = $1', ...conditions].join(' AND ')}`;
  return { text, values, replanned: conditions.length > 0 };
}
