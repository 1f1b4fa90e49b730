import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { Text, Uuid } from '#libs/http/fields.js';
import { PageQuery } from '#libs/http/paging.js';
import { invalidParameter } from '#libs/platform/domain-error.js';
import { MAX_SEARCHED_VALUE, type SearchedAttribute } from './searched-values.published.js';

/** The query of a list that can be filtered by a custom attribute. */
export class AttributeQuery extends PageQuery {
  @Uuid({
    description: 'Only results whose value of this custom attribute is `attributeValue`.',
    example: EXAMPLE_IDS.contactAttribute,
    optional: true,
  })
  attributeId?: string;

  @Text({
    description: `The exact value: a text, or an option on the path of a Select. Values of more than ${MAX_SEARCHED_VALUE} characters cannot be found.`,
    example: 'gold',
    max: MAX_SEARCHED_VALUE,
    controls: true,
    optional: true,
  })
  attributeValue?: string;
}

/** Returns the attribute of a query. @throws {DomainError} `invalid` if only one of its parameters was sent */
export function searchedAttribute({
  attributeId: id,
  attributeValue: value,
}: Pick<AttributeQuery, 'attributeId' | 'attributeValue'>): SearchedAttribute | undefined {
  if (id === undefined && value === undefined) return undefined;
  if (id === undefined) throw invalidParameter([{ path: 'attributeValue', message: 'must come with attributeId' }]);
  if (value === undefined) throw invalidParameter([{ path: 'attributeId', message: 'must come with attributeValue' }]);
  return { id, value };
}
