import { type Statement } from '#libs/database/batch.js';
import { toE164 } from '#libs/people/contact.js';
import { nameKey } from '#libs/platform/text.js';
import { keyOfAddress } from './addresses.published.js';

/** The last code point of Unicode. No name with a given prefix sorts after the prefix followed by it. */
export const LAST_CHARACTER = 0x10ffff;

/**
 * Reads the ids of end users by a search text, as `{id}`: the beginning of the display name, a whole e-mail address, or
 * a whole phone number with its country code.
 * @param exact whether the display name must equal the text
 */
export function endUsersFound(organizationId: string, text: string, exact: boolean, limit: number): Statement {
  const addresses = [keyOfAddress('email', text), toE164(text)].filter((key) => key !== undefined);
  const name = exact ? 'search_name = $2' : `search_name >= $2 AND search_name < $2 || chr(${LAST_CHARACTER})`;
  return {
    text: `(SELECT id FROM end_users WHERE organization_id = $1 AND ${name} LIMIT $4)
           UNION SELECT end_user_id FROM end_user_addresses
             WHERE organization_id = $1 AND kind IN ('email', 'phone') AND value = ANY($3)
           LIMIT $4`,
    values: [organizationId, nameKey(text.trim()), addresses, limit],
    replanned: true,
  };
}
