/** Returns the query parameters of a URL. Equal values count once; different values of a parameter become an array. */
export function parseQuery(text: string): Record<string, string | string[]> {
  const query = Object.create(null) as Record<string, string | string[]>;
  if (text === '') return query;
  for (const [name, pairs] of Map.groupBy(new URLSearchParams(text), ([name]) => name)) {
    const [value = '', ...others] = new Set(pairs.map(([, value]) => value));
    query[name] = others.length === 0 ? value : [value, ...others];
  }
  return query;
}
