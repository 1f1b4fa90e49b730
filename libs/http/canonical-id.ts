/** Returns the spelling of a path's id that streams are named by: lower case, and numbers without leading zeros. */
export function canonicalId(text: string): string {
  return /^\d+$/.test(text) ? text.replace(/^0+(?=\d)/, '') : text.toLowerCase();
}
