import {
  type AttributeDefinition,
  type CustomAttributeOutput,
  shownValues,
} from '#libs/custom-attributes/attribute-values.published.js';
import { type RowFacts } from '#libs/event-store/entity-row.js';
import { type Loaded } from '#libs/event-store/loaded.js';
import { type EndUser } from './end-user.rules.js';

/** An end user as the API shows it. */
export type ShownEndUser = Omit<EndUser, 'customAttributes' | 'anonymization'> & {
  /** ISO 8601 */
  updatedAt: string;
  customAttributes: CustomAttributeOutput[];
};

/** Returns an end user as lists show it: without its values. A requested anonymization is not shown. */
export function shownAlone(
  endUser: EndUser,
  { recordedAt }: Pick<RowFacts, 'recordedAt'>,
): Omit<ShownEndUser, 'customAttributes'> {
  const hidden = { customAttributes: undefined, anonymization: undefined };
  return { ...endUser, ...hidden, updatedAt: recordedAt.toISOString() };
}

/**
 * Returns an end user as the API shows it, with its values.
 * @param loaded a stream that has begun
 */
export function shownEndUser(
  { state, recordedAt }: Pick<Loaded<EndUser | undefined>, 'state' | 'recordedAt'>,
  definitions: AttributeDefinition[],
): ShownEndUser {
  const endUser = state as EndUser;
  const customAttributes = shownValues(definitions, endUser.customAttributes);
  return { ...shownAlone(endUser, { recordedAt: recordedAt as Date }), customAttributes };
}
