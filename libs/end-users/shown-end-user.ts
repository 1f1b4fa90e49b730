import {
  type AttributeDefinition,
  type CustomAttributeOutput,
  shownValues,
} from '#libs/custom-attributes/attribute-values.js';
import { type Loaded } from '#libs/event-store/event-store.js';
import { type EndUser } from './end-user.js';

/** An end user as the API shows it. */
export type ShownEndUser = Omit<EndUser, 'customAttributes' | 'anonymization'> & {
  /** ISO 8601 */
  updatedAt: string;
  customAttributes: CustomAttributeOutput[];
};

/**
 * A state as the API shows it; that its anonymization is requested does not show.
 * @param loaded a stream that has begun
 */
export function shownEndUser(
  { state, recordedAt }: Pick<Loaded<EndUser | undefined>, 'state' | 'recordedAt'>,
  definitions: AttributeDefinition[],
): ShownEndUser {
  const endUser = state as EndUser;
  const customAttributes = shownValues(definitions, endUser.customAttributes);
  const updatedAt = (recordedAt as Date).toISOString();
  const shown = { ...endUser, updatedAt, customAttributes, anonymization: undefined };
  return shown;
}
