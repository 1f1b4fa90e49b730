/** A column, and how its field is taken out of an event's changes. */
type Column = readonly [name: string, type: keyof typeof TAKEN];

const TAKEN = {
  text: (field: string) => `->> '${field}'`,
  boolean: (field: string) => `->> '${field}'`,
  jsonb: (field: string) => `-> '${field}'`,
  'text[]': (field: string) => `-> '${field}'`,
};

/**
 * What follows upon `SET` where a row takes over the {@link Changes} of an event: columns whose fields are not among
 * them keep their values. One text for whatever changes, so that it is prepared once.
 * @param columns the columns by the fields of the changes; lists are never `null`
 * @param parameter what holds the changes, such as `$3`
 */
export function changedColumns(columns: Record<string, Column>, parameter: string): string {
  const changes = `${parameter}::jsonb`;
  return Object.entries(columns)
    .map(([field, [name, type]]) => {
      const taken = `(${changes} ${TAKEN[type](field)})`;
      const value = type === 'text[]' ? `ARRAY(SELECT jsonb_array_elements_text${taken})` : `${taken}::${type}`;
      return `${name} = CASE WHEN ${changes} ? '${field}' THEN ${value} ELSE ${name} END`;
    })
    .join(', ');
}
