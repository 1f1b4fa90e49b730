import { type AttributeValues } from '#libs/custom-attributes/custom-attribute.js';
import { type Projection } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { type Changes } from '#libs/platform/changes.js';
import { type EndUserEvent } from './end-user.js';

/** Characters of a value that end users can be found by. Longer ones cannot: entries of an index are limited. */
export const MAX_SEARCHED_VALUE = 255;

/**
 * The read table of the values that end users are found by, in NFC, which earlier versions did not record. Of a path of
 * options, each option is one.
 */
export const attributeProjection: Projection<EndUserEvent> = {
  table: 'end_user_attributes',
  apply: ({ organizationId, type, data }) => {
    switch (type) {
      case 'EndUserCustomAttributesUpdated':
      case 'EndUserMerged':
        return replaceValues(organizationId, data.id, data.values ?? {});
      case 'EndUserMergedInto':
      case 'EndUserAnonymized':
        return [
          {
            text: 'DELETE FROM end_user_attributes WHERE organization_id = $1 AND end_user_id = $2',
            values: [organizationId, data.id],
          },
        ];
      case 'EndUserCreated':
      case 'EndUserUpdated':
      case 'EndUserAnonymizationRequested':
        return [];
    }
  },
};

function replaceValues(organizationId: string, id: string, values: Changes<AttributeValues>): Statement[] {
  const attributeIds = Object.keys(values);
  if (attributeIds.length === 0) return [];
  const entries = Object.entries(values).flatMap(([attributeId, value]) =>
    [...new Set([value ?? []].flat().map((text) => text.normalize('NFC')))]
      .filter((text) => Array.from(text).length <= MAX_SEARCHED_VALUE)
      .map((text) => ({ attributeId, text })),
  );
  return [
    {
      text: 'DELETE FROM end_user_attributes WHERE organization_id = $1 AND end_user_id = $2 AND attribute_id = ANY($3)',
      values: [organizationId, id, attributeIds],
    },
    {
      text: `INSERT INTO end_user_attributes (organization_id, end_user_id, attribute_id, value)
             SELECT $1, $2, * FROM unnest($3::uuid[], $4::text[])`,
      values: [organizationId, id, entries.map(({ attributeId }) => attributeId), entries.map(({ text }) => text)],
    },
  ];
}
