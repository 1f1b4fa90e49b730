import { domainToASCII } from 'node:url';
import { isEmail } from 'class-validator';
import { LRUCache } from 'lru-cache';
import {
  type CountryCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
  type PhoneNumber,
} from 'libphonenumber-js/max';
import { leadsInside } from '#libs/platform/public-address.js';
import { caseFolded, hiddenCharacterOf, withoutHidden } from '#libs/platform/text.js';

/** Returns whether a value is the ISO code of a country whose phone numbers can be read, such as `DK`. */
export function isRegion(value: string): value is CountryCode {
  return isSupportedCountry(value);
}

/** Returns why a text cannot be compared with others as an address or an external id, or undefined. */
export function faultOfAddress(value: string): string | undefined {
  const hidden = hiddenCharacterOf(value);
  return hidden === undefined ? undefined : `must not contain the invisible character ${hidden}`;
}

/** White space other than the plain space, which quotes may contain. */
const WIDE_SPACE = /(?! )\s/;

/** Returns why an e-mail address is refused, or undefined. Its domain must be valid both in Unicode and in ASCII. */
export function faultOfEmail(value: string): string | undefined {
  const address = value.trim();
  const [local, domain] = partsOf(address);
  const spellings = new Set([address, `${local}@${asciiOf(domain)}`]);
  const valid = [...spellings].every((spelling) => isEmail(spelling, { allow_utf8_local_part: true }));
  return faultOfAddress(address) ?? (valid && !WIDE_SPACE.test(address) ? undefined : 'must be an e-mail address');
}

/** Returns the address as it is stored and shown: in lower case, without outer space, the domain spelled as sent. */
export function normalizeEmail(value: string): string {
  return value.trim().toLowerCase();
}

/**
 * Returns the same key for all spellings of one mailbox: in any case, the domain in Unicode or in ASCII (RFC 5890), the
 * local part with or without unnecessary quotes (RFC 5321, 4.1.2).
 */
export function emailKey(email: string): string {
  const [local, domain] = partsOf(email.trim());
  const quoted = /^"(.*)"$/s.exec(local)?.[1];
  const unquoted = quoted === undefined ? local : quoted.replace(/\\(.)/gs, '$1');
  return `${caseFolded(unquoted)}@${asciiOf(domain) || caseFolded(domain)}`;
}

/** Converting a domain takes longer than all else of an address, and most addresses share theirs with others. */
const asciiDomains = new LRUCache<string, string>({ max: 1_000 });

/** Returns the domain in ASCII and in lower case; empty if it is not a domain. */
function asciiOf(domain: string): string {
  const known = asciiDomains.get(domain);
  if (known !== undefined) return known;
  const ascii = domainToASCII(domain);
  asciiDomains.set(domain, ascii);
  return ascii;
}

function partsOf(email: string): [local: string, domain: string] {
  const at = email.lastIndexOf('@');
  return [email.slice(0, Math.max(at, 0)), email.slice(at + 1)];
}

/** Excludes what the WHATWG's parser would drop or reinterpret: white space, backslashes, missing slashes. */
const WEB_URL = /^https?:\/\/[^\s\\/<>][^\s\\<>]*$/i;

/** Returns why the URL of a picture or page is refused, or undefined. It must be valid by the WHATWG's URL standard. */
export function faultOfWebUrl(value: string): string | undefined {
  const valid = WEB_URL.test(value) && URL.canParse(value);
  return faultOfAddress(value) ?? (valid ? undefined : 'must be an http or https URL');
}

/** Returns why the URL of a file that readers open is refused, or undefined. It must not lead into their own networks. */
export function faultOfFileUrl(value: string): string | undefined {
  const fault = faultOfWebUrl(value);
  if (fault) return fault;
  const url = new URL(value);
  if (url.username || url.password) return 'must not contain credentials';
  return leadsInside(url) ? 'must have a public address' : undefined;
}

/** Returns a query parameter as a phone number in E.164. A plus that is not encoded arrives as a space. */
export function phoneOfQuery(value: string, region?: CountryCode): string | undefined {
  return toE164(withoutHidden(value).replace(/^ (?=\p{Nd})/u, '+'), region);
}

/**
 * Returns a phone number in E.164, such as `+4570123456`; undefined if it is not one. It accepts the usual spellings:
 * punctuation, marks of direction, wide or Arabic digits, a `tel:` URI, 00 instead of the plus.
 * @param region the country of numbers without a country code; without it, such numbers are refused
 */
export function toE164(value: string, region?: CountryCode): string | undefined {
  const text = withoutHidden(value).normalize('NFKC').trim().replace(/^tel:/i, '');
  const number = parsed(text, region) ?? (text.startsWith('00') ? parsed(`+${text.slice(2)}`) : undefined);
  return number?.ext ? undefined : number?.number;
}

function parsed(text: string, region?: CountryCode): PhoneNumber | undefined {
  const options = { defaultCountry: region, extract: false } as const;
  const number = parsePhoneNumberFromString(text, options);
  // Until 2019, mobile numbers of Mexico had a 1 after the country code; address books still contain it.
  const mobile = number && /^\+521(\d{10})$/.exec(number.number)?.[1];
  const current = mobile ? parsePhoneNumberFromString(`+52${mobile}`, options) : number;
  return current?.isPossible() ? current : undefined;
}
