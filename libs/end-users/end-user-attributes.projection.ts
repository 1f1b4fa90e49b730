import { type AttributeValues } from '#libs/custom-attributes/custom-attribute.rules.js';
import { type Part } from '#libs/event-store/stream-definition.js';
import { type EndUser } from './end-user.rules.js';

/** Maximum length of a value by which end users can be found, in code points: the size of index entries is limited. */
export const MAX_SEARCHED_VALUE = 255;

/**
 * The read table of the values by which end users are found: in NFC, which earlier versions did not ensure. Each option
 * on the path of a Select is a value.
 */
export const attributePart: Part<EndUser | undefined> = {
  table: 'end_user_attributes',
  change: ({ organizationId, id }, before, after) => {
    const [was, is] = [before?.customAttributes ?? {}, after?.customAttributes ?? {}];
    if (was === is) return [];
    const gone = without(was, is);
    const added = without(is, was);
    return [
      ...(gone.length === 0 ? [] : [{ text: DELETE, values: [organizationId, id, ...columnsOf(gone)] }]),
      ...(added.length === 0 ? [] : [{ text: INSERT, values: [organizationId, id, ...columnsOf(added)] }]),
    ];
  },
};

const DELETE = `DELETE FROM end_user_attributes WHERE organization_id = $1 AND end_user_id = $2
  AND (attribute_id, value) IN (SELECT * FROM unnest($3::uuid[], $4::text[]))`;
const INSERT = `INSERT INTO end_user_attributes (organization_id, end_user_id, attribute_id, value)
  SELECT $1, $2, * FROM unnest($3::uuid[], $4::text[])`;

interface Searched {
  attributeId: string;
  text: string;
}

/** Returns the searchable values that are not among others. */
function without(values: AttributeValues, others: AttributeValues): Searched[] {
  const known = new Set(searchedOf(others).map(({ attributeId, text }) => `${attributeId} ${text}`));
  return searchedOf(values).filter(({ attributeId, text }) => !known.has(`${attributeId} ${text}`));
}

function searchedOf(values: AttributeValues): Searched[] {
  return Object.entries(values).flatMap(([attributeId, value]) =>
    [...new Set([value].flat().map((text) => text.normalize('NFC')))]
      .filter((text) => Array.from(text).length <= MAX_SEARCHED_VALUE)
      .map((text) => ({ attributeId, text })),
  );
}

function columnsOf(searched: Searched[]) {
  return [searched.map(({ attributeId }) => attributeId), searched.map(({ text }) => text)];
}
