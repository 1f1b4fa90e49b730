import { isEmail, isURL } from 'class-validator';
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';

/** Whether a value is the ISO code of a country that phone numbers can be read in, such as `DK`. */
export function isRegion(value: string): value is CountryCode {
  return isSupportedCountry(value);
}

/** Why an e-mail address is refused, or undefined. */
export function faultOfEmail(value: string): string | undefined {
  return isEmail(value.trim(), { allow_utf8_local_part: true }) ? undefined : 'must be an e-mail address';
}

/** As it is kept: addresses compare without regard to case and outer space. */
export function normalizeEmail(value: string): string {
  return value.trim().toLowerCase();
}

/** Why a URL of a picture or page is refused, or undefined. */
export function faultOfWebUrl(value: string): string | undefined {
  const options = { protocols: ['http', 'https'], require_protocol: true, require_tld: false };
  return isURL(value, options) ? undefined : 'must be an http or https URL';
}

/** A query parameter as a phone number in E.164. A plus that is not encoded arrives as a space. */
export function phoneOfQuery(value: string, region?: CountryCode): string | undefined {
  return toE164(value.replace(/^ (?=\d)/, '+'), region);
}

/**
 * A phone number in E.164, such as `+4570123456`; undefined when it is none.
 * @param region where numbers without a country code are from; without it they are refused
 */
export function toE164(value: string, region?: CountryCode): string | undefined {
  const number = parsePhoneNumberFromString(value, { defaultCountry: region, extract: false });
  return number?.isPossible() && !number.ext ? number.number : undefined;
}
