/** The one spelling of an id of a path, by which streams are named: in lower case, a number without leading zeros. */
export function canonicalId(text: string): string {
  return /^\d+$/.test(text) ? text.replace(/^0+(?=\d)/, '') : text.toLowerCase();
}
