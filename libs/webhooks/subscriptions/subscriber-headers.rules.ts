import { type Authorization } from './subscription.rules.js';

/** Header names by RFC 9110. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
/** Visible ASCII, with spaces and tabs inside. */
const VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]{0,2046}[\x21-\x7e])?$/;
/** Headers that Deskstream or the transport sets; `webhook-…` and `x-dixa-…` carry the signatures. */
const RESERVED =
  /^(webhook-.*|x-dixa-.*|authorization|content-type|content-length|content-encoding|transfer-encoding|host|connection|keep-alive|upgrade|expect|te|trailer|proxy-.*|accept-encoding|user-agent)$/i;
const MAX_HEADERS = 20;

/** Returns why custom headers are refused, or undefined. */
export function faultOfHeaders(headers: Record<string, unknown>): string | undefined {
  const names = Object.keys(headers);
  if (names.length > MAX_HEADERS) return `must have at most ${MAX_HEADERS} headers`;
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) return 'must not name a header twice';
  for (const [name, value] of Object.entries(headers)) {
    if (!NAME.test(name)) return `contains an invalid header name: ${JSON.stringify(name.slice(0, 64))}`;
    if (RESERVED.test(name))
      return `must not set ${name}${/^authorization$/i.test(name) ? '; use authorization' : ', which deliveries set themselves'}`;
    if (typeof value !== 'string' || !VALUE.test(value)) return `needs plain text of 1 to 2048 characters for ${name}`;
  }
  return undefined;
}

/** Returns all headers that a subscription adds to its deliveries, including the authorization. */
export function subscriberHeaders(
  authorization: Authorization,
  customHeaders: Record<string, string>,
): Record<string, string> {
  switch (authorization._type) {
    case 'NoAuth':
      return customHeaders;
    case 'BasicAuth': {
      const credentials = Buffer.from(`${authorization.username}:${authorization.password}`).toString('base64');
      return { ...customHeaders, Authorization: `Basic ${credentials}` };
    }
    case 'TokenAuth':
      return { ...customHeaders, Authorization: authorization.value };
  }
}
