/** Why deliveries cannot go to a URL, or undefined. */
export function faultOfUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must begin with http:// or https://';
  if (url.username || url.password) return 'must not hold credentials; use authorization';
  return undefined;
}
